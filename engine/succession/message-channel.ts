/** One end of the socket pair between two processes: messages out, and in, one after the other. */
import type { Duplex } from 'node:stream';
import { LineReader } from '../control/line-reader.ts';
import { decodeError } from '../control/protocol.ts';
import { HotclickError } from '../errors.ts';
import type { MessageOf, SuccessionMessage } from './messages.ts';

export class MessageChannel {
  /** Resolves when the other end is closed. */
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #waiting: SuccessionMessage[] = [];
  #arrived: () => void = () => {};
  #ended = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    const reader = new LineReader({ limit: Number.POSITIVE_INFINITY, onLine: (line) => this.#take(line) });
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
    // What cannot be written is lost with the process that should read it; `closed` tells.
    stream.on('error', () => {});
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.#ended = true;
        this.#arrived();
        resolve();
      };
      stream.once('end', end);
      stream.once('close', end);
    });
  }

  /** Resolves when it has been given to the kernel. */
  send(message: SuccessionMessage): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write(`${JSON.stringify(message)}\n`, () => resolve());
    });
  }

  /**
   * The next message, which must be of that type; undefined when the other end closed before it came.
   * @throws HotclickError what the other side said has failed; HC_SUCCESSION for any other message
   */
  async receive<T extends SuccessionMessage['type']>(type: T): Promise<MessageOf<T> | undefined> {
    while (this.#waiting.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    const message = this.#waiting.shift();
    if (message?.type === 'failed') throw decodeError(message.error);
    if (message !== undefined && message.type !== type) {
      throw new HotclickError('HC_SUCCESSION', `the other process said '${message.type}', not '${type}'`);
    }
    return message as MessageOf<T> | undefined;
  }

  close(): void {
    this.#stream.destroy();
  }

  #take(line: string): void {
    try {
      this.#waiting.push(JSON.parse(line) as SuccessionMessage);
    } catch {
      // Not one of ours: whoever it is cannot be talked to.
      this.#stream.destroy();
    }
    this.#arrived();
  }
}
