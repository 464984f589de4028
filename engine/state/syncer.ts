/** Writes what the shards publish to the store at a steady interval, and keeps trying when the store cannot be written. */
import type { HotclickError } from '../errors.ts';
import type { PublishedPage, PublishedState, PublishedStatic } from './state-page.ts';
import type { WriteOptions } from './store.ts';
import { describeFailure } from './store-error.ts';

export interface StateSource {
  /** What changed since the last call; what it returned once it need not return again. */
  collect(): Promise<PublishedState> | PublishedState;
}

/** The part of StateStore that a syncer needs. */
export interface StateSink {
  readonly directory: string;
  writeState(published: PublishedState, options?: WriteOptions): Promise<void>;
}

export interface SyncerOptions {
  /** Milliseconds from the start of one sync to the start of the next; longer when one takes longer. */
  readonly interval?: number;
  /** The first sync is all there is; see WriteOptions. */
  readonly complete?: boolean;
  /** Called for each failed attempt. Forwarding is not touched; the syncer keeps trying. */
  readonly onError?: (error: HotclickError, stats: SyncerStats) => void;
  /** Called when an attempt succeeds after failed ones; nothing that was collected meanwhile is missing. */
  readonly onRecovered?: (stats: SyncerStats) => void;
}

export interface SyncerStats {
  readonly syncs: number;
  readonly failures: number;
  /** Failed attempts since the last success. */
  readonly failing: number;
  /** Unix ms of the last success; 0 before the first. */
  readonly lastSync: number;
  /** Of the last success: milliseconds for collecting and writing, and what was written. */
  readonly lastDuration: number;
  readonly lastBytes: number;
  readonly lastPages: number;
  readonly totalBytes: number;
}

const defaultInterval = 100;
const longestWait = 5000;

export class StateSyncer {
  readonly #sink: StateSink;
  readonly #source: StateSource;
  readonly #options: SyncerOptions;
  readonly #interval: number;
  readonly #unsaved = new UnsavedState();
  #complete: boolean;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;
  #stats: SyncerStats = {
    syncs: 0,
    failures: 0,
    failing: 0,
    lastSync: 0,
    lastDuration: 0,
    lastBytes: 0,
    lastPages: 0,
    totalBytes: 0,
  };

  constructor(sink: StateSink, source: StateSource, options: SyncerOptions = {}) {
    this.#sink = sink;
    this.#source = source;
    this.#options = options;
    this.#interval = options.interval ?? defaultInterval;
    this.#complete = options.complete ?? false;
  }

  get stats(): SyncerStats {
    return this.#stats;
  }

  /** The first sync comes one interval from now. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#schedule(this.#interval);
  }

  /** Syncs now, after one that is under way. Rejects with HC_STORE when the store cannot be written. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    clearTimeout(this.#timer);
    try {
      await this.#sync();
    } finally {
      this.#schedule(this.#wait(0));
    }
  }

  /** Ends the rhythm with a last sync; a failure of it goes to `onError`. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.flush().catch(() => undefined);
  }

  #schedule(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      const started = performance.now();
      void this.#sync()
        .catch(() => undefined)
        .finally(() => this.#schedule(this.#wait(performance.now() - started)));
    }, wait);
  }

  /** Until the next attempt: the rest of the interval, or longer and longer while attempts fail. */
  #wait(spent: number): number {
    if (this.#stats.failing === 0) return Math.max(0, this.#interval - spent);
    return Math.min(this.#interval * 2 ** Math.min(this.#stats.failing, 16), longestWait);
  }

  #sync(): Promise<void> {
    this.#running ??= this.#syncNow().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #syncNow(): Promise<void> {
    const started = performance.now();
    try {
      this.#unsaved.add(await this.#source.collect());
      const published = this.#unsaved.take();
      await this.#sink.writeState(published, { complete: this.#complete });
      this.#unsaved.clear();
      this.#complete = false;
      this.#succeeded(published, performance.now() - started);
    } catch (cause) {
      const error = describeFailure('write', this.#sink.directory, cause);
      this.#stats = { ...this.#stats, failures: this.#stats.failures + 1, failing: this.#stats.failing + 1 };
      this.#options.onError?.(error, this.#stats);
      throw error;
    }
  }

  #succeeded(published: PublishedState, duration: number): void {
    const lastBytes = [...published.pages, ...published.statics].reduce(
      (sum, { data }) => sum + data.length,
      0,
    );
    const recovered = this.#stats.failing > 0;
    this.#stats = {
      syncs: this.#stats.syncs + 1,
      failures: this.#stats.failures,
      failing: 0,
      lastSync: Date.now(),
      lastDuration: duration,
      lastBytes,
      lastPages: published.pages.length,
      totalBytes: this.#stats.totalBytes + lastBytes,
    };
    if (recovered) this.#options.onRecovered?.(this.#stats);
  }
}

/** What has been collected and not written: the newest of each page and static value. */
class UnsavedState {
  readonly #pages = new Map<string, PublishedPage>();
  readonly #statics = new Map<string, PublishedStatic>();
  #waiting: PublishedState | undefined;
  #revision = 0;
  #shards: number | undefined;

  add(published: PublishedState): void {
    this.#shards = published.shards;
    if (this.#waiting === undefined && this.#pages.size === 0 && this.#statics.size === 0) {
      this.#waiting = published; // the usual case: nothing is left over, so nothing needs merging
      this.#revision = published.revision;
      return;
    }
    if (this.#waiting !== undefined) this.#merge(this.#waiting);
    this.#waiting = undefined;
    this.#merge(published);
  }

  take(): PublishedState {
    if (this.#waiting !== undefined) return this.#waiting;
    return {
      revision: this.#revision,
      ...(this.#shards === undefined ? {} : { shards: this.#shards }),
      pages: [...this.#pages.values()],
      statics: [...this.#statics.values()],
    };
  }

  clear(): void {
    this.#waiting = undefined;
    this.#pages.clear();
    this.#statics.clear();
  }

  #merge(published: PublishedState): void {
    this.#revision = published.revision;
    for (const page of published.pages) {
      this.#pages.set(`${page.element}\0${page.state}\0${page.shard}\0${page.page}`, page);
    }
    for (const value of published.statics) {
      this.#statics.set(`${value.element}\0${value.state}\0${value.shard}`, value);
    }
  }
}
