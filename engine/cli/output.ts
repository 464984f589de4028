/** Standard output of one command: text for people or JSON for programs. */

import type { Writable } from 'node:stream';

export class Output {
  readonly #stream: Writable;
  readonly #isJson: boolean;

  constructor(stream: Writable, isJson: boolean | undefined) {
    this.#stream = stream;
    this.#isJson = isJson === true;
  }

  get isJson(): boolean {
    return this.#isJson;
  }

  /** The data as one line of JSON, or the text that `render` makes. */
  print<T>(data: T, render: (data: T) => string): void {
    this.write(this.#isJson ? JSON.stringify(data) : render(data));
  }

  /** Adds the end of the line where there is none. */
  write(text: string): void {
    if (text !== '') this.#stream.write(text.endsWith('\n') ? text : `${text}\n`);
  }
}
