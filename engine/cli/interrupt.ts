/** Turns the first SIGINT or SIGTERM into an AbortSignal; a second one ends the process as it always does. */
export class Interrupt implements Disposable {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #onSignal = (name: NodeJS.Signals): void => {
    this[Symbol.dispose]();
    this.#controller.abort(name);
  };

  constructor() {
    this.signal = this.#controller.signal;
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  [Symbol.dispose](): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}

/** Resolves when the signal aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
