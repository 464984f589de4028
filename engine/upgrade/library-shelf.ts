/**
 * The libraries of an engine, by content: what a revision needs can be loaded again, however its file has changed since.
 * Files are copied into a private directory; with a store they are archived there too and survive the process.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import type { ElementClass } from '../graph/element-class.ts';
import type { LibraryVersion } from '../state/journal.ts';
import type { LibraryArchive } from '../state/library-archive.ts';

/** A class at one version, loaded. */
export interface LoadedClass extends LibraryVersion {
  readonly className: string;
  /** The native engine's number for it. */
  readonly library: number;
  readonly elementClass: ElementClass;
}

export class LibraryShelf {
  readonly #engine: NativeEngine;
  readonly #directory: string;
  readonly #archive: LibraryArchive | undefined;

  private constructor(engine: NativeEngine, directory: string, archive: LibraryArchive | undefined) {
    this.#engine = engine;
    this.#directory = directory;
    this.#archive = archive;
  }

  static async open(engine: NativeEngine, archive?: LibraryArchive): Promise<LibraryShelf> {
    return new LibraryShelf(engine, await mkdtemp(join(tmpdir(), 'hotclick-libraries-')), archive);
  }

  /** Loads a library file. @throws HotclickError HC_LIBRARY, HC_STATE_DECLARATION */
  async load(file: string, expected?: string): Promise<LoadedClass> {
    const { library, description } = callNative(() => this.#engine.loadLibrary(file));
    try {
      const elementClass = JSON.parse(description) as ElementClass;
      const { className, version } = elementClass;
      if (expected !== undefined && className !== expected) {
        throw new HotclickError('HC_LIBRARY', `${file} holds the class ${className}, not ${expected}`);
      }
      const sha256 = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      const copy = this.#fileOf(sha256);
      if (!existsSync(copy)) await copyFile(file, copy);
      return { className, version, sha256, library, elementClass };
    } catch (error) {
      this.unload(library);
      throw error;
    }
  }

  /** Loads what was loaded before, by content. @throws HotclickError HC_LIBRARY when it is not known any more */
  async reload(className: string, { sha256 }: LibraryVersion): Promise<LoadedClass> {
    const file = this.#fileOf(sha256);
    if (existsSync(file)) return this.load(file, className);
    if (this.#archive?.has(sha256))
      return this.load(await this.#archive.get(sha256, this.#directory), className);
    throw new HotclickError(
      'HC_LIBRARY',
      `the library of ${className} with content ${sha256.slice(0, 12)}… is not in the store`,
    );
  }

  /** Keeps a class in the store, if there is one. */
  async keep(loaded: LoadedClass): Promise<void> {
    if (this.#archive && !this.#archive.has(loaded.sha256))
      await this.#archive.put(this.#fileOf(loaded.sha256), loaded);
  }

  /** Lets go of a library: it leaves the process with the last instance that uses it. */
  unload(library: number): void {
    this.#engine.unloadLibrary(library);
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  #fileOf(sha256: string): string {
    return join(this.#directory, `${sha256}.so`);
  }
}
