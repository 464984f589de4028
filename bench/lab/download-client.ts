/** The client of the downloads, a program of its own in the client's namespace: one connection for each download. */
import { Agent, get, type IncomingMessage } from 'node:http';
import { isContent } from './download-content.ts';
import type { ClientCommand, ClientMessage, ClientSettings, DownloadState } from './download-messages.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ClientSettings;
const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

class Download {
  readonly #number: number;
  #bytes = 0;
  #corrupted = 0;
  #last = performance.now();
  #stall = 0;
  #longestStall = 0;
  #complete = false;
  #error: string | undefined;
  #response: IncomingMessage | undefined;

  constructor(number: number) {
    this.#number = number;
    const { address: host, port } = settings;
    const request = get({ host, port, path: `/${number}`, agent }, (response) => this.#receive(response));
    request.once('error', (error) => this.#fail(error.message));
  }

  get open(): boolean {
    return this.#bytes > 0;
  }

  get ended(): boolean {
    return this.#complete || this.#error !== undefined;
  }

  /** The state now; begins a new stall interval. */
  report(): DownloadState {
    const waiting = this.ended ? 0 : performance.now() - this.#last;
    const stallMs = Math.max(this.#stall, waiting);
    this.#stall = 0;
    return {
      bytes: this.#bytes,
      stallMs,
      longestStallMs: Math.max(this.#longestStall, waiting),
      alive: this.#error === undefined && this.open && waiting < settings.aliveWithinMs,
      complete: this.#complete,
      corrupted: this.#corrupted,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  giveUp(): void {
    if (this.ended) return;
    this.#fail('had not ended in time');
    this.#response?.destroy();
  }

  #receive(response: IncomingMessage): void {
    this.#response = response;
    if (response.statusCode !== 200) {
      this.#fail(`HTTP status ${response.statusCode}`);
      response.destroy();
      return;
    }
    this.#last = performance.now();
    response.on('data', (data: Buffer) => this.#take(data));
    response.once('end', () => {
      this.#complete = this.#error === undefined;
      noteEnd();
    });
    response.once('error', (error) => this.#fail(error.message));
  }

  #take(data: Buffer): void {
    const now = performance.now();
    this.#stall = Math.max(this.#stall, now - this.#last);
    this.#longestStall = Math.max(this.#longestStall, this.#stall);
    this.#last = now;
    if (!isContent(this.#number, this.#bytes, data)) this.#corrupted += 1;
    const first = !this.open;
    this.#bytes += data.length;
    if (first) noteOpen();
  }

  #fail(message: string): void {
    this.#error ??= message;
    noteEnd();
  }
}

const downloads = Array.from({ length: settings.connections }, (_, number) => new Download(number));

function noteOpen(): void {
  if (downloads.every((download) => download.open)) tell({ kind: 'open' });
}

function noteEnd(): void {
  if (downloads.every((download) => download.ended)) tell({ kind: 'ended' });
}

function tell(message: ClientMessage): void {
  process.send?.(message);
}

process.on('message', (command: ClientCommand) => {
  if (command === 'finish') for (const download of downloads) download.giveUp();
  tell({ kind: 'report', downloads: downloads.map((download) => download.report()) });
});
process.on('disconnect', () => process.exit(0));
