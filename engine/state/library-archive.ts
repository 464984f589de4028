/** Element libraries by content: each is stored once, under its SHA-256, and found by class and version. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from 'lmdb';
import { HotclickError } from '../errors.ts';
import { pagesOf } from './data-room.ts';
import type { StateStore } from './store.ts';
import { openDatabase } from './store-databases.ts';
import { describeFailure, storeError } from './store-error.ts';

export interface ArchivedLibrary {
  readonly className: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Unix time in ms. */
  readonly addedAt: number;
}

const hashPattern = /^[0-9a-f]{64}$/;

export class LibraryArchive {
  readonly #store: StateStore;
  readonly #contents: Database<Uint8Array, string>;
  readonly #index: Database<ArchivedLibrary, string[]>;

  constructor(store: StateStore) {
    this.#store = store;
    this.#contents = openDatabase(store.environment, 'libraries');
    this.#index = openDatabase(store.environment, 'library-index');
  }

  /** Stores the file and enters it under its class and version; returns its content hash. Errors: HC_LIBRARY, HC_STORE. */
  async put(file: string, { className, version }: { className: string; version: string }): Promise<string> {
    const content = await readLibrary(file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const known = this.has(sha256);
    const entry: ArchivedLibrary = { className, version, sha256, bytes: content.length, addedAt: Date.now() };
    await this.#store.environment.commit(
      { values: 2, pages: 1 + (known ? 0 : pagesOf(content.length)) },
      () => {
        if (!known) void this.#contents.put(sha256, content);
        void this.#index.put([className, version, sha256], entry);
      },
    );
    return sha256;
  }

  has(sha256: string): boolean {
    this.#store.environment.refuseClosed();
    return hashPattern.test(sha256) && this.#contents.doesExist(sha256);
  }

  /**
   * Writes the library into `directory` and returns its path, which is a new one each time: the dynamic loader hands
   * out the library it already has for a path it has seen. Errors: HC_LIBRARY when it is not in the archive, HC_STORE
   * when its content has changed.
   */
  async get(sha256: string, directory: string): Promise<string> {
    this.#store.environment.refuseClosed();
    const content = hashPattern.test(sha256) ? this.#contents.get(sha256) : undefined;
    if (content === undefined) {
      throw new HotclickError(
        'HC_LIBRARY',
        `no library with hash ${sha256} is in the store ${this.#store.directory}`,
      );
    }
    if (createHash('sha256').update(content).digest('hex') !== sha256) {
      throw storeError('corrupt', `library ${sha256} in the store ${this.#store.directory} is damaged`);
    }
    const path = join(directory, `${sha256.slice(0, 16)}-${randomUUID()}.so`);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      throw describeFailure(`write ${path} from`, directory, error);
    }
    return path;
  }

  /** Libraries of a class (all without one), oldest first within a version. */
  list(className?: string): ArchivedLibrary[] {
    this.#store.environment.refuseClosed();
    const range = className === undefined ? {} : { start: [className], end: [className, '\uffff'] };
    return [...this.#index.getRange(range)].map(({ value }) => value);
  }

  /** The library put last for a class and version. */
  find(className: string, version: string): ArchivedLibrary | undefined {
    return this.list(className)
      .filter((library) => library.version === version)
      .reduce<ArchivedLibrary | undefined>(
        (a, b) => (a === undefined || b.addedAt >= a.addedAt ? b : a),
        undefined,
      );
  }
}

async function readLibrary(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new HotclickError('HC_LIBRARY', `cannot read the library ${file}`, { cause });
  }
}
