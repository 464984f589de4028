/** A process that is to take the place of this one, seen from here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { addon, callNative } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import { MessageChannel } from './message-channel.ts';
import type {
  FinalMessage,
  MessageOf,
  PreparedMessage,
  PrepareMessage,
  SuccessionMessage,
} from './messages.ts';
import { sendFiles } from './open-files.ts';

/** ms that a successor may take for each of its answers. */
export type Patience = Readonly<Record<'prepared' | 'ready' | 'running', number>>;

/** Loading a graph and its libraries takes longest. */
export const usualPatience: Patience = { prepared: 60_000, ready: 30_000, running: 10_000 };

/** Among the descriptors of the new process: the channel of messages, and that of open files. */
const channelDescriptor = 3;
const filesDescriptor = 4;

export interface SuccessorCommand {
  readonly node: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Name in the environment under which it is told its descriptors. */
  readonly variable: string;
}

export class Successor {
  readonly #child: ChildProcess;
  readonly #patience: Patience;
  readonly #channel: MessageChannel;
  readonly #ended: Promise<string>;

  /** Our end of the socket for open files. */
  readonly #files: number;

  private constructor(child: ChildProcess, files: number, patience: Patience) {
    this.#child = child;
    this.#files = files;
    this.#patience = patience;
    this.#channel = new MessageChannel(child.stdio[channelDescriptor] as Duplex);
    this.#ended = new Promise((resolve) => {
      child.once('exit', (status, signal) =>
        resolve(signal === null ? `it ended with status ${status}` : `${signal} ended it`),
      );
      child.once('error', (error) => resolve(error.message));
    });
  }

  static spawn({ node, args, env, variable }: SuccessorCommand, patience: Patience): Successor {
    const [ours, theirs] = callNative(() => addon().messagePair());
    const child = spawn(node, args, {
      env: { ...env, [variable]: `${channelDescriptor},${filesDescriptor}` },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe', theirs],
    });
    closeSync(theirs);
    return new Successor(child, ours, patience);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws HotclickError what it says has failed; HC_SUCCESSION when it ends, or says nothing for too long */
  prepare(
    message: Omit<PrepareMessage, 'type'>,
    files: readonly number[],
    signal?: AbortSignal,
  ): Promise<PreparedMessage> {
    sendFiles(this.#files, files);
    return this.#ask({ type: 'prepare', ...message }, 'prepared', signal);
  }

  final(message: Omit<FinalMessage, 'type'>): Promise<unknown> {
    return this.#ask({ type: 'final', ...message }, 'ready');
  }

  /** From here on nothing can be taken back but by ending it. */
  go(lastPackets: readonly bigint[]): Promise<MessageOf<'running'>> {
    return this.#ask({ type: 'go', lastPackets: lastPackets.map(String) }, 'running');
  }

  /** Ends it, and returns when nothing of it is left. */
  async abort(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#close();
  }

  /** It stands on its own from now on: this process can end. */
  release(): void {
    this.#close();
    this.#child.unref();
  }

  #close(): void {
    this.#channel.close();
    closeSync(this.#files);
  }

  async #ask<T extends keyof Patience>(
    message: SuccessionMessage,
    answer: T,
    signal?: AbortSignal,
  ): Promise<MessageOf<T>> {
    const limit = AbortSignal.timeout(this.#patience[answer]);
    const over = signal === undefined ? limit : AbortSignal.any([limit, signal]);
    const silence = new Promise<string>((resolve) => {
      const end = () =>
        resolve(limit.aborted ? `it said nothing for ${this.#patience[answer] / 1000} s` : 'it was given up');
      if (over.aborted) end();
      else over.addEventListener('abort', end, { once: true });
    });
    await this.#channel.send(message);
    const received = await Promise.race([this.#channel.receive(answer), silence]);
    if (typeof received === 'object') return received;
    const how = received ?? (await Promise.race([this.#ended, silence]));
    throw new HotclickError(
      'HC_SUCCESSION',
      `the new process (${this.pid}) did not take over: ${how}, after '${message.type}'`,
      { details: { phase: message.type, pid: this.pid } },
    );
  }
}
