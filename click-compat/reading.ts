/** What all parts of one reading of a configuration share: options, faults, bounds, and names seen so far. */

import type { Problem } from './problems.ts';
import type { Place } from './source-text.ts';

export interface Library {
  /** Name for messages; a library that is required again under the same name is skipped. */
  readonly file: string;
  readonly text: string;
}

export interface ClickOptions {
  /** Name of the text in messages. */
  readonly file: string;
  /** Values for parameters such as `$DEV`; they go before `define` statements at file scope. */
  readonly defines?: Readonly<Record<string, string>>;
  /**
   * Tells whether an element class exists. Without it every name that is not declared is taken for a class, as
   * Click's own tools do when they have no list of classes.
   */
  readonly isKnownClass?: (className: string) => boolean;
  /** Tells whether a package is there for `require(package NAME)`. Without it every package is taken to be there. */
  readonly isKnownPackage?: (name: string) => boolean;
  /** Finds the file of `require(library NAME)`. Without it such a statement is an error. */
  readonly readLibrary?: (name: string, requiredBy: string) => Library | undefined;
}

/** Thrown when a bound is passed; the fault has been reported. Never leaves this folder. */
export class ReadingStopped extends Error {}

/** Elements, connections and characters of substituted text together. Real configurations stay far below. */
const mostWork = 2_000_000;

export class Reading {
  readonly options: ClickOptions;
  readonly problems: Problem[] = [];
  readonly requirements: string[] = [];
  readonly libraries = new Set<string>();
  /** Names taken for classes because there is no list of classes to look in. */
  readonly #assumedClasses = new Set<string>();
  #work = 0;

  constructor(options: ClickOptions) {
    this.options = options;
  }

  report(place: Place, message: string, isSyntax = false): void {
    this.problems.push({ place, message, isSyntax });
  }

  /** Accounts for work whose amount the text decides, so that a short text cannot ask for an endless amount. */
  spend(amount: number, place: Place): void {
    this.#work += amount;
    if (this.#work > mostWork) {
      this.report(
        place,
        'the configuration expands to more elements, connections or text than can be handled',
      );
      throw new ReadingStopped();
    }
  }

  isKnownClass(name: string): boolean {
    return this.options.isKnownClass?.(name) ?? this.#assumedClasses.has(name);
  }

  /** Takes a name for a class where that is allowed. */
  assumeClass(name: string): boolean {
    if (this.options.isKnownClass !== undefined) {
      return false;
    }
    this.#assumedClasses.add(name);
    return true;
  }
}
