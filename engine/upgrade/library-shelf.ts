/**
 * The libraries of an engine, by content: what a revision needs can be loaded again, however its file has changed since.
 * Files are copied into a private directory; with a store they are archived there too and survive the process.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import type { StaticsMode } from '../engine-types.ts';
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

/** What a journal and another process are told of a loaded class. */
export function libraryVersion({ version, sha256, installed, statics }: LibraryVersion): LibraryVersion {
  return { version, sha256, ...(installed ? { installed } : {}), ...(statics ? { statics } : {}) };
}

/** What a shelf needs of the native engine. */
export type LibraryLoader = Pick<NativeEngine, 'loadLibrary' | 'unloadLibrary'>;

const prefix = 'hotclick-libraries-';

export class LibraryShelf {
  readonly #engine: LibraryLoader;
  readonly #directory: string;
  #archive: LibraryArchive | undefined;
  /** By content, and by how undeclared statics are found where there are any: the same library is loaded once. */
  readonly #loaded = new Map<string, LoadedClass>();

  private constructor(engine: LibraryLoader, directory: string) {
    this.#engine = engine;
    this.#directory = directory;
  }

  /** Private to the process, and gone with it. */
  get directory(): string {
    return this.#directory;
  }

  static async open(engine: LibraryLoader): Promise<LibraryShelf> {
    await sweepDead();
    return new LibraryShelf(engine, await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`)));
  }

  /** From now on what is kept is kept in a store. */
  useArchive(archive: LibraryArchive): void {
    this.#archive = archive;
  }

  /**
   * Loads a library file, or gives what is loaded with that content.
   * @throws HotclickError HC_LIBRARY, HC_STATE_DECLARATION, HC_STATICS
   */
  async load(file: string, expected?: string, statics: StaticsMode = 'mapped'): Promise<LoadedClass> {
    const content = await readFile(file).catch((cause: Error) => {
      throw new HotclickError('HC_LIBRARY', `the library ${file} cannot be read: ${cause.message}`, {
        cause,
      });
    });
    const sha256 = createHash('sha256').update(content).digest('hex');
    const loaded =
      this.#loaded.get(sha256) ??
      this.#loaded.get(`${sha256} ${statics}`) ??
      (await this.#loadContent(file, content, sha256, statics));
    if (expected === undefined || loaded.className === expected) return loaded;
    throw new HotclickError('HC_LIBRARY', `${file} holds the class ${loaded.className}, not ${expected}`);
  }

  /** Loads what was loaded before, by content. @throws HotclickError HC_LIBRARY when it is not known any more */
  async reload(className: string, { sha256, statics }: LibraryVersion): Promise<LoadedClass> {
    const file = this.fileOf({ sha256 });
    if (existsSync(file)) return this.load(file, className, statics);
    if (this.#archive?.has(sha256)) {
      const copy = await this.#archive.get(sha256, this.#directory);
      try {
        return await this.load(copy, className, statics);
      } finally {
        await rm(copy, { force: true });
      }
    }
    throw new HotclickError(
      'HC_LIBRARY',
      `the library of ${className} with content ${sha256.slice(0, 12)}… is not in the store`,
    );
  }

  /** Keeps a class in the store, if there is one. */
  async keep(loaded: LoadedClass): Promise<void> {
    if (this.#archive && !this.#archive.has(loaded.sha256))
      await this.#archive.put(this.fileOf(loaded), loaded);
  }

  /** Lets go of all libraries but these: each leaves the process with the last instance that uses it. */
  unloadAllBut(used: Iterable<LoadedClass>): void {
    const kept = new Set(Array.from(used, ({ library }) => library));
    for (const [key, { library }] of this.#loaded) {
      if (kept.has(library)) continue;
      this.#loaded.delete(key);
      this.#engine.unloadLibrary(library);
    }
  }

  /** Our copies of all libraries that were loaded, by hash. */
  async files(): Promise<Record<string, string>> {
    const names = await readdir(this.#directory);
    return Object.fromEntries(names.map((name) => [basename(name, '.so'), join(this.#directory, name)]));
  }

  /** Copies libraries that another process had, so that they can be loaded again when that is gone. */
  async copyFrom(files: Iterable<readonly [sha256: string, file: string]>): Promise<void> {
    for (const [sha256, file] of files) await copyFile(file, this.fileOf({ sha256 }));
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** From our own copy, so that what is loaded is what was hashed. */
  async #loadContent(
    file: string,
    content: Uint8Array,
    sha256: string,
    statics: StaticsMode,
  ): Promise<LoadedClass> {
    const copy = this.fileOf({ sha256 });
    const isNew = !existsSync(copy);
    try {
      if (isNew) await writeFile(copy, content, { mode: 0o600 });
    } catch (cause) {
      await rm(copy, { force: true });
      throw new HotclickError(
        'HC_LIBRARY',
        `${file} cannot be copied to ${this.#directory}: ${messageOf(cause)}`,
        {
          cause,
          hint: 'free some space there, or set TMPDIR',
        },
      );
    }
    try {
      const { library, description } = callNative(() => this.#engine.loadLibrary(copy, statics));
      const elementClass = JSON.parse(description) as ElementClass;
      const { className, version } = elementClass;
      const mode = elementClass.statics?.mode;
      const loaded = {
        className,
        version,
        sha256,
        library,
        elementClass,
        ...(mode ? { statics: mode } : {}),
      };
      this.#loaded.set(mode ? `${sha256} ${mode}` : sha256, loaded);
      return loaded;
    } catch (error) {
      if (isNew) await rm(copy, { force: true });
      if (!(error instanceof HotclickError)) throw error;
      const { code, hint, details } = error;
      throw new HotclickError(code, `${file}: ${error.message}`, { cause: error, hint, details });
    }
  }

  /** Our own copy of a library that was loaded. */
  fileOf({ sha256 }: Pick<LibraryVersion, 'sha256'>): string {
    return join(this.#directory, `${sha256}.so`);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** A killed engine cannot remove its directory: the next one does. */
async function sweepDead(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || existsSync(`/proc/${pid}`)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {
      // Another user's: not ours to remove.
    });
  }
}
