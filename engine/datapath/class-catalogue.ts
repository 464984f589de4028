/** The element classes that can be used: where their libraries lie and what they say about themselves. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HotclickError } from '../errors.ts';
import type { ElementClass } from '../graph/element-class.ts';
import { addon, callNative } from './addon.ts';
import { elementDirectory } from './paths.ts';

export class ClassCatalogue {
  readonly #files: ReadonlyMap<string, string>;
  readonly #described = new Map<string, ElementClass>();

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  /** Looks at `directories` in order, then at the built-in elements; the first library of a class counts. */
  static async open(directories: readonly string[] = []): Promise<ClassCatalogue> {
    const files = new Map<string, string>();
    for (const directory of [...directories, elementDirectory]) {
      for (const name of await list(directory)) {
        const className = basename(name, '.so');
        if (!files.has(className)) files.set(className, join(directory, name));
      }
    }
    return new ClassCatalogue(files);
  }

  get names(): string[] {
    return [...this.#files.keys()].sort();
  }
  fileOf(className: string): string | undefined {
    return this.#files.get(className);
  }
  /** The description of a class, without loading it for good; undefined when there is no such class. */
  describe(className: string): ElementClass | undefined {
    const known = this.#described.get(className);
    const file = this.#files.get(className);
    if (known || !file) return known;
    const description = describeLibrary(file);
    this.#described.set(className, description);
    return description;
  }
}

/** What a library says about itself. @throws HotclickError HC_LIBRARY, HC_STATE_DECLARATION */
export function describeLibrary(file: string): ElementClass {
  return JSON.parse(callNative(() => addon().describeLibrary(file))) as ElementClass;
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
