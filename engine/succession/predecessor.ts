/** The engine whose place this process is to take, seen from here. */
import type { Duplex } from 'node:stream';
import { encodeError } from '../control/protocol.ts';
import type { ShardBreak } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { MessageChannel } from './message-channel.ts';
import { type FinalMessage, type GoMessage, type PrepareMessage, successionProtocol } from './messages.ts';
import { receiveFiles } from './open-files.ts';

export class Predecessor {
  /** What is to be run. */
  readonly design: PrepareMessage;
  readonly #channel: MessageChannel;
  readonly #files: number;
  #breaks: readonly ShardBreak[] = [];

  private constructor(channel: MessageChannel, files: number, design: PrepareMessage) {
    this.#channel = channel;
    this.#files = files;
    this.design = design;
  }

  /** @throws HotclickError HC_SUCCESSION */
  static async meet(stream: Duplex, files: number): Promise<Predecessor> {
    const channel = new MessageChannel(stream);
    const design = await expect(channel, 'prepare');
    const predecessor = new Predecessor(channel, files, design);
    if (design.protocol === successionProtocol) return predecessor;
    const error = new HotclickError(
      'HC_SUCCESSION',
      `the predecessor speaks protocol ${design.protocol} of succession, this version of hotclick ${successionProtocol}`,
      { hint: 'use the strategy restart with --cold, or stop the engine and start the other version' },
    );
    await predecessor.fail(error);
    throw error;
  }

  /** What goes with `design.transfer`; the caller closes them. @throws HotclickError HC_SUCCESSION */
  takeFiles(): number[] {
    return receiveFiles(this.#files, this.design.transfer?.files.length ?? 0);
  }

  /** Everything is loaded that can be beside the predecessor. Resolves when the predecessor has stopped changing state. */
  async prepared(hotclick: string): Promise<FinalMessage> {
    await this.#channel.send({ type: 'prepared', pid: process.pid, node: process.version, hotclick });
    return expect(this.#channel, 'final');
  }

  /** All that can fail has been done. Resolves when packets are this process's. */
  async ready(): Promise<GoMessage> {
    await this.#channel.send({ type: 'ready' });
    return expect(this.#channel, 'go');
  }

  /** The shards run; what `announce` will tell. */
  forwards(breaks: readonly ShardBreak[]): void {
    this.#breaks = breaks;
  }

  /** The predecessor may end: call it when everything is open that clients of this process expect. */
  async announce(): Promise<void> {
    await this.#channel.send({ type: 'running', breaks: this.#breaks });
    this.#channel.close();
  }

  /** Says why this process cannot take over. */
  async fail(error: unknown): Promise<void> {
    await this.#channel.send({ type: 'failed', error: encodeError(error) });
    this.#channel.close();
  }
}

async function expect<T extends 'prepare' | 'final' | 'go'>(channel: MessageChannel, type: T) {
  const message = await channel.receive<T>(type);
  if (message !== undefined) return message;
  channel.close();
  throw new HotclickError('HC_SUCCESSION', 'the engine whose place this process was to take has ended', {
    hint: 'start the engine again: its store has what it had',
  }) as never;
}
