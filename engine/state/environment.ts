/**
 * The LMDB environment of a store: opened only after its file has been checked and its ownership claimed, written
 * by one transaction at a time.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Database, type DatabaseOptions, type Key, open, type RootDatabase } from 'lmdb';
import { dataPageSize, type FileShape, reserveRoom, type WriteLoad } from './data-room.ts';
import { checkDataFile } from './lmdb-file.ts';
import { databaseNames, markerDatabase } from './store-databases.ts';
import { describeFailure, storeError } from './store-error.ts';
import { claimOwnership, refuseIfHeld, releaseOwnership } from './store-owner.ts';

export interface EnvironmentOptions {
  /** Only reads; possible beside a running engine. */
  readonly readOnly?: boolean;
  /** Bytes of address space for the file, which grows beyond it by mapping again. */
  readonly mapSize?: number;
}

const defaultMapSize = 16 * 2 ** 30;
/** LMDB's lock file with its 126 reader slots, rounded up to whole pages. */
const lockFileSize = 12 * 1024;
/** LMDB does not survive a full disk while it makes its file: without this much room it is not made. */
const roomToBegin = 2 ** 20;
/** Of making the databases. */
const loadOfOpening: WriteLoad = { values: 64, pages: 16 };

export class Environment {
  readonly directory: string;
  readonly readOnly: boolean;
  readonly #root: RootDatabase;
  #last: Promise<unknown> = Promise.resolve();
  #largest: Pick<Database, 'getStats'>;
  #owned = false;
  #closed = false;

  private constructor(directory: string, readOnly: boolean, root: RootDatabase) {
    this.directory = directory;
    this.readOnly = readOnly;
    this.#root = root;
    this.#largest = root;
  }

  /** Errors: HC_STORE with `details.reason`; see docs/design/store.md. */
  static async open(directory: string, options: EnvironmentOptions = {}): Promise<Environment> {
    const readOnly = options.readOnly ?? false;
    try {
      const used = readOnly ? prepareForReading(directory) : prepareForWriting(directory);
      const settings = {
        path: directory,
        noSubdir: false,
        mapSize: options.mapSize ?? defaultMapSize,
        maxDbs: 16,
        pageSize: dataPageSize,
        encoding: 'binary' as const,
        // Writes of one turn are grouped by `commit`; the package's own grouping leaves a promise nobody can catch.
        eventTurnBatching: false,
        permissionsMode: 0o600,
        readOnly,
      };
      const environment = new Environment(directory, readOnly, open(settings));
      if (!readOnly) await environment.#takeOver(used);
      return environment;
    } catch (error) {
      throw describeFailure('open', directory, error);
    }
  }

  /** A named database; undefined when it is not there and the environment is read-only or `create` is false. */
  database<V, K extends Key>(
    name: string,
    options: DatabaseOptions,
    create = true,
  ): Database<V, K> | undefined {
    this.refuseClosed();
    try {
      return this.#root.openDB<V, K>(name, { ...options, create } as DatabaseOptions);
    } catch (error) {
      throw describeFailure('open', this.directory, error);
    }
  }

  /** Number of named databases. */
  databaseCount(): number {
    return this.#root.getKeysCount({});
  }

  /**
   * Runs `write`, whose puts and removes become one transaction: after `kill -9` all of it is there or nothing.
   * Resolves when it has been committed and flushed. `write` must not throw; buffers given to put must not change
   * before the promise settles. `load` bounds what will be written.
   */
  commit(load: WriteLoad, write: () => void): Promise<void> {
    this.refuseClosed();
    if (this.readOnly) {
      return Promise.reject(
        storeError('read-only', `the store ${this.directory} was opened for reading only`),
      );
    }
    const done = this.#last.then(() => this.#commitNow(load, write));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** The database whose tree is the largest; its shape tells how many pages a transaction may touch. */
  watchShape(database: Pick<Database, 'getStats'>): void {
    this.#largest = database;
  }

  /** Bytes of the data file. */
  fileSize(): number {
    return statSync(join(this.directory, 'data.mdb')).size;
  }

  refuseClosed(): void {
    if (this.#closed) throw storeError('closed', `the store ${this.directory} is closed`);
  }

  /** Waits for what is being written, then gives the store up. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#last;
    await this.#root.close();
    if (this.#owned) releaseOwnership(this.directory);
  }

  async #commitNow(load: WriteLoad, write: () => void): Promise<void> {
    try {
      await reserveRoom(join(this.directory, 'data.mdb'), load, this.#shape());
      await this.#root.batch(write);
    } catch (error) {
      // The package rejects at once with a general message and gives the cause in a second promise.
      const commitError = (error as { commitError?: Promise<unknown> }).commitError;
      const cause = commitError === undefined ? error : await commitError.catch((reason: unknown) => reason);
      throw describeFailure('write', this.directory, cause);
    }
  }

  #shape(): FileShape {
    const stats = this.#largest.getStats() as DatabaseStats;
    const treePages = stats.treeBranchPageCount + stats.treeLeafPageCount;
    return { lastPageNumber: stats.lastPageNumber, treeDepth: stats.treeDepth, treePages };
  }

  /** Becomes the owner of an environment that has just been opened, and makes room for its databases. */
  async #takeOver(used: boolean): Promise<void> {
    try {
      this.#root.transactionSync(() => claimOwnership(this.directory));
      this.#owned = true;
      if (used && this.databaseCount() > 0 && !hasMarker(this.#root)) {
        throw storeError('foreign', `${this.directory} holds an LMDB database of another program`);
      }
      if (this.databaseCount() < databaseNames.length) {
        await reserveRoom(join(this.directory, 'data.mdb'), loadOfOpening, this.#shape());
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}

/** The part of the package's statistics that is used here; its declarations leave them out. */
interface DatabaseStats {
  readonly lastPageNumber: number;
  readonly treeDepth: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
}

function hasMarker(root: RootDatabase): boolean {
  return (
    root.openDB({ name: markerDatabase, encoding: 'json', create: false } as DatabaseOptions & {
      name: string;
    }) !== undefined
  );
}

function prepareForReading(directory: string): boolean {
  const path = join(directory, 'data.mdb');
  if (!existsSync(path)) throw storeError('missing', `there is no store in ${directory}`);
  if (!checkDataFile(path, false)) throw storeError('missing', `the store in ${directory} is empty`);
  return true;
}

/** Returns whether there is a data file with contents. */
function prepareForWriting(directory: string): boolean {
  makeDirectory(directory);
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  refuseIfHeld(directory);
  const path = join(directory, 'data.mdb');
  const used = existsSync(path) && checkUnlessHeld(directory, path);
  if (used) accessSync(path, constants.R_OK | constants.W_OK);
  else probeSpace(directory);
  reserveLockFile(join(directory, 'lock.mdb'));
  return used;
}

/** mkdirSync reports a read-only file system as ENOENT when it is recursive. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    let above = dirname(resolve(directory));
    while (!existsSync(above)) above = dirname(above);
    accessSync(above, constants.W_OK | constants.X_OK);
    throw error;
  }
}

/** Writes a file and removes it: quotas and reserved blocks count as they do for the store. */
function probeSpace(directory: string): void {
  const path = join(directory, 'probe');
  try {
    writeFileSync(path, Buffer.alloc(roomToBegin), { mode: 0o600 });
  } finally {
    rmSync(path, { force: true });
  }
}

function checkUnlessHeld(directory: string, path: string): boolean {
  try {
    return checkDataFile(path, true);
  } catch (error) {
    // An engine that has just started may be changing the trees under the check.
    refuseIfHeld(directory);
    throw error;
  }
}

/**
 * LMDB makes its lock file by ftruncate and writes to it through a mapping: on a full disk that ends the process
 * with SIGBUS. With its blocks written first it cannot.
 */
function reserveLockFile(path: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    // What is there already may be in use by a reader.
    for (let size = fstatSync(fd).size; size < lockFileSize; ) {
      size += writeSync(fd, Buffer.alloc(lockFileSize - size), 0, lockFileSize - size, size);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
