/** A process that is to take the place of this one, seen from here. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { HotclickError } from '../errors.ts';
import { MessageChannel } from './message-channel.ts';
import type { MessageOf, PreparedMessage, PrepareMessage, SuccessionMessage } from './messages.ts';

/** ms that a successor may take for each of its answers. */
export type Patience = Readonly<Record<'prepared' | 'ready' | 'running', number>>;

/** Loading a graph and its libraries takes longest. */
export const usualPatience: Patience = { prepared: 60_000, ready: 30_000, running: 10_000 };

/** Where the channel is among the descriptors of the new process. */
const channelDescriptor = 3;

export class Successor {
  readonly #child: ChildProcess;
  readonly #patience: Patience;
  readonly #channel: MessageChannel;
  readonly #ended: Promise<string>;

  private constructor(child: ChildProcess, patience: Patience) {
    this.#child = child;
    this.#patience = patience;
    this.#channel = new MessageChannel(child.stdio[channelDescriptor] as Duplex);
    this.#ended = new Promise((resolve) => {
      child.once('exit', (status, signal) =>
        resolve(signal === null ? `it ended with status ${status}` : `${signal} ended it`),
      );
      child.once('error', (error) => resolve(error.message));
    });
  }

  /** `variable` tells it that it is a successor. */
  static spawn(node: string, args: readonly string[], variable: string, patience: Patience): Successor {
    const child = spawn(node, args, {
      env: { ...process.env, [variable]: `${channelDescriptor}` },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    return new Successor(child, patience);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws HotclickError what it says has failed; HC_SUCCESSION when it ends, or says nothing for too long */
  prepare(message: Omit<PrepareMessage, 'type'>, signal?: AbortSignal): Promise<PreparedMessage> {
    return this.#ask({ type: 'prepare', ...message }, 'prepared', signal);
  }

  final(revision: number, signal?: AbortSignal): Promise<unknown> {
    return this.#ask({ type: 'final', revision }, 'ready', signal);
  }

  /** From here on nothing can be taken back but by ending it. */
  go(lastPackets: readonly bigint[]): Promise<MessageOf<'running'>> {
    return this.#ask({ type: 'go', lastPackets: lastPackets.map(String) }, 'running');
  }

  /** Ends it, and returns when nothing of it is left. */
  async abort(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    this.#channel.close();
  }

  /** It stands on its own from now on: this process can end. */
  release(): void {
    this.#channel.close();
    this.#child.unref();
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
