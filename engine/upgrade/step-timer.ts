/** The steps of an upgrade as they go by. */
import type { UpgradeOptions } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';

export interface StepOptions extends Pick<UpgradeOptions, 'onStep' | 'signal'> {
  /** What is cancelled when the signal says so. */
  readonly what: 'start' | 'upgrade';
}

/** Tells of steps as they begin, refuses to begin one when the upgrade was cancelled, and sums up what each took. */
export class StepTimer {
  readonly #timings: Record<string, number> = {};
  readonly #options: StepOptions;
  #current: { step: string; since: number } | undefined;
  #last = 'plan';
  #returns = true;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  /** For work that can be cancelled by itself. */
  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /** Why the upgrade may not go on; undefined when it may, or must. */
  get cancellation(): HotclickError | undefined {
    const { signal } = this.#options;
    if (!this.#returns || !signal?.aborted) return undefined;
    const { reason } = signal;
    const why = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : '';
    return new HotclickError(
      'HC_UPGRADE_FAILED',
      `the ${this.#options.what} was cancelled in step ${this.#last}${why}`,
      {
        cause: reason,
      },
    );
  }

  /** @throws HotclickError HC_UPGRADE_FAILED when the upgrade was cancelled */
  begin(step: string, detail: string): void {
    const cancellation = this.cancellation;
    if (cancellation) throw cancellation;
    this.#end();
    this.#last = step;
    this.#current = { step, since: performance.now() };
    try {
      this.#options.onStep?.({ step, detail });
    } catch (error) {
      if (this.#returns) throw error;
      // A listener must not end what can only be finished.
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }

  /** From now on the upgrade is carried through. */
  passPointOfNoReturn(): void {
    this.#returns = false;
  }

  report(): { timings: Record<string, number> } {
    this.#end();
    return { timings: { ...this.#timings } };
  }
  #end(): void {
    if (!this.#current) return;
    const { step, since } = this.#current;
    this.#timings[step] = (this.#timings[step] ?? 0) + performance.now() - since;
    this.#current = undefined;
  }
}
