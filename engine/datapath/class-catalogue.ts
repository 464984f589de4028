/** The element classes that can be used: where their libraries lie and what they say about themselves. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StaticsMode } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { ElementClass } from '../graph/element-class.ts';
import { addon, callNative } from './addon.ts';
import { elementDirectory } from './paths.ts';

export class ClassCatalogue {
  readonly #files: ReadonlyMap<string, string>;
  readonly #statics: StaticsMode;
  readonly #described = new Map<string, ElementClass>();

  /** Libraries that must not be loaded, and why. */
  readonly #refused = new Map<string, unknown>();

  private constructor(files: ReadonlyMap<string, string>, statics: StaticsMode) {
    this.#files = files;
    this.#statics = statics;
  }

  /**
   * Looks at `directories` in order, then at the built-in elements; the first library of a class counts.
   * @param accept rejects for a library that must not be loaded; the built-in ones are not asked about
   */
  static async open(
    directories: readonly string[] = [],
    accept?: (file: string) => Promise<unknown>,
    statics: StaticsMode = 'mapped',
  ): Promise<ClassCatalogue> {
    const files = new Map<string, string>();
    for (const directory of [...directories, elementDirectory]) {
      for (const name of await list(directory)) {
        const className = basename(name, '.so');
        if (!files.has(className)) files.set(className, join(directory, name));
      }
    }
    const catalogue = new ClassCatalogue(files, statics);
    if (accept) {
      for (const [className, file] of files) {
        if (dirname(file) === elementDirectory) continue;
        await accept(file).catch((cause: unknown) => catalogue.#refused.set(className, cause));
      }
    }
    return catalogue;
  }

  get names(): string[] {
    return [...this.#files.keys()].filter((name) => !this.#refused.has(name)).sort();
  }
  /** @throws what `accept` had against the class's library */
  fileOf(className: string): string | undefined {
    if (this.#refused.has(className)) throw this.#refused.get(className);
    return this.#files.get(className);
  }
  /** The description of a class, without loading it for good; undefined when there is no such class. */
  describe(className: string): ElementClass | undefined {
    const known = this.#described.get(className);
    const file = this.fileOf(className);
    if (known || !file) return known;
    const description = describeLibrary(file, this.#statics);
    this.#described.set(className, description);
    return description;
  }
}

/** What a library says about itself. @throws HotclickError HC_LIBRARY, HC_STATE_DECLARATION, HC_STATICS */
export function describeLibrary(file: string, statics: StaticsMode = 'mapped'): ElementClass {
  return JSON.parse(callNative(() => addon().describeLibrary(file, statics))) as ElementClass;
}

/** All built-in classes, by name. */
export async function builtinClasses(): Promise<ElementClass[]> {
  const catalogue = await ClassCatalogue.open();
  return catalogue.names.map((name) => catalogue.describe(name)!);
}

async function list(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.so')).sort();
  } catch (cause) {
    throw new HotclickError('HC_LIBRARY', `the element directory ${directory} cannot be read`, {
      cause,
      hint:
        directory === elementDirectory
          ? 'build the elements with `npm run build:native`'
          : 'check --library-path',
    });
  }
}
