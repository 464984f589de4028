/** Looks now and then whether older versions that run beside the newest have ended, and has them removed. */
import type { EngineParts } from './engine-parts.ts';
import type { OlderVersionSummary } from './engine-types.ts';
import { HotclickError } from './errors.ts';

/** ms between two looks. Records end in seconds at the earliest. */
const interval = 100;

export class OlderVersionWatch {
  readonly #parts: EngineParts;
  #timer: NodeJS.Timeout | undefined;
  readonly #onWarning: (warning: HotclickError) => void;
  #ended = false;

  /** `onEnded` is told of each that has gone, `onWarning` when one cannot go: the next change tries it again. */
  constructor(
    parts: EngineParts,
    onEnded: (version: OlderVersionSummary) => void,
    onWarning: (warning: HotclickError) => void,
  ) {
    this.#parts = parts;
    this.#onWarning = onWarning;
    parts.upgrader.onEnded = async (versions) => {
      await this.#sync();
      for (const { name, element, moves, loaded } of versions) {
        await ignoreStore(parts.store?.forget(name));
        const { className, version } = loaded;
        onEnded({ name, element, className, version, moves, endedAt: new Date().toISOString() });
      }
    };
  }

  /** After every change: goes on as long as there are older versions. */
  watch(): void {
    if (this.#timer || this.#ended) return;
    if ((this.#parts.upgrader.running?.older.length ?? 0) === 0) return;
    this.#timer = setTimeout(() => void this.#lookAgain(), interval);
    this.#timer.unref();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#timer = undefined;
      if (!(error instanceof HotclickError)) throw error;
      this.#onWarning(error);
      return;
    }
    this.#timer = undefined;
    this.watch();
  }

  async #look(): Promise<void> {
    const { upgrader } = this.#parts;
    if (upgrader.ended().length === 0) return;
    // What ended last is still to be written, and nobody publishes it when its version has gone.
    await this.#sync();
    await upgrader.retire();
  }

  /** A store that cannot be written is the syncer's to report. */
  async #sync(): Promise<void> {
    await ignoreStore(this.#parts.store?.flush());
  }
}

async function ignoreStore(writing: Promise<void> | undefined): Promise<void> {
  try {
    await writing;
  } catch (error) {
    if (!(error instanceof HotclickError) || error.code !== 'HC_STORE') throw error;
  }
}
