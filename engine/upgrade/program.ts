/**
 * Programs that this process starts while its shards forward. Node's own child_process forks: afterwards the first
 * write to every page is a fault, in the shards too, and an upgrade starts a compiler or a trial just before its break.
 * posix_spawn leaves the pages alone.
 */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import { addon } from '../datapath/addon.ts';

export interface ProgramOptions {
  readonly args: readonly string[];
  /** Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Descriptor 3 of the program is the other end of `channel`. */
  readonly withChannel?: boolean;
}

export interface ProgramEnd {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const signalNames = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

export class Program {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly channel: Duplex | undefined;
  /** Resolves when it has ended and what it wrote is read. */
  readonly closed: Promise<ProgramEnd>;
  #ended = false;

  /** `command` is looked for in PATH; its standard input is empty. @throws Error with code ENOENT when it is not there */
  constructor(command: string, { args, env = process.env, withChannel = false }: ProgramOptions) {
    const native = addon();
    const pairs = Array.from({ length: withChannel ? 3 : 2 }, () => native.socketPair());
    const own = pairs.map(([ours]) => ours);
    const theirs = pairs.map(([, end]) => end);
    const environment = Object.entries(env).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    try {
      this.pid = native.spawnProgram([command, ...args], environment, [-1, ...theirs]);
    } catch (error) {
      for (const end of own) closeSync(end);
      throw error;
    } finally {
      for (const end of theirs) closeSync(end);
    }
    const [stdout, stderr, channel] = own.map((fd) => new Socket({ fd, readable: true, writable: true }));
    this.stdout = stdout!;
    this.stderr = stderr!;
    this.channel = channel;
    const exit = new Promise<ProgramEnd>((resolve) => {
      native.waitForProgram(this.pid, (status, signal) => {
        this.#ended = true;
        resolve({ status, signal: signal === null ? null : (signalNames.get(signal) ?? 'SIGKILL') });
      });
    });
    const read = [stdout!, stderr!].map(
      (stream) => new Promise((resolve) => void stream.once('close', resolve).once('error', () => {})),
    );
    this.closed = Promise.all([exit, ...read]).then(([end]) => end);
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.#ended) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It ended by itself in between.
    }
  }
}
