/** Cuts a stream of bytes into lines. A line beyond the limit is reported once and skipped to its end. */

const newline = 0x0a;

export interface LineReaderOptions {
  /** Bytes of a line without its end. */
  readonly limit: number;
  readonly onLine: (line: string) => void;
  readonly onTooLong?: () => void;
}

export class LineReader {
  readonly #options: LineReaderOptions;
  #parts: Buffer[] = [];
  #length = 0;
  #skipping = false;

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    for (let start = 0; start < chunk.length; ) {
      const end = chunk.indexOf(newline, start);
      this.#add(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#endLine();
      start = end + 1;
    }
  }

  #add(part: Buffer): void {
    if (this.#skipping) return;
    this.#length += part.length;
    if (this.#length > this.#options.limit) {
      this.#skipping = true;
      this.#parts = [];
      this.#options.onTooLong?.();
      return;
    }
    this.#parts.push(part);
  }

  #endLine(): void {
    const line = this.#skipping ? '' : Buffer.concat(this.#parts).toString('utf8').trim();
    this.#parts = [];
    this.#length = 0;
    this.#skipping = false;
    if (line !== '') this.#options.onLine(line);
  }
}
