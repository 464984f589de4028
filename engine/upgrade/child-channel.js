/**
 * Values between a process and its child over a stream: the length of each, then what v8.serialize makes of it.
 *
 * JavaScript and not TypeScript, so that a child starts without a loader.
 */
import { deserialize, serialize } from 'node:v8';

const head = 4;

export class ChildChannel {
  #stream;
  #rest = Buffer.alloc(0);

  /**
   * @param {import('node:stream').Duplex} stream
   * @param {(value: unknown) => void} onValue
   */
  constructor(stream, onValue) {
    this.#stream = stream;
    stream.on('data', (/** @type {Buffer} */ chunk) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      for (;;) {
        const end = this.#rest.length < head ? head : head + this.#rest.readUInt32LE(0);
        if (this.#rest.length < end) return;
        const value = deserialize(this.#rest.subarray(head, end));
        this.#rest = this.#rest.subarray(end);
        onValue(value);
      }
    });
    // The end of the other process tells itself.
    stream.on('error', () => {});
  }

  /** @param {unknown} value */
  send(value) {
    const body = serialize(value);
    const length = Buffer.alloc(head);
    length.writeUInt32LE(body.length, 0);
    this.#stream.write(Buffer.concat([length, body]));
  }
}
