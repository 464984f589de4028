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
import { checkDataFile } from './lmdb-file.ts';
import { describeFailure, freeBytes, storeError } from './store-error.ts';
import { claimOwnership, refuseIfHeld, releaseOwnership } from './store-owner.ts';

export interface EnvironmentOptions {
  /** Only reads; possible beside a running engine. */
  readonly readOnly?: boolean;
  /** Bytes of address space for the file, which grows beyond it by mapping again. */
  readonly mapSize?: number;
}

/** Chosen by bench/store: pages of 3.6 KB fill LMDB pages of 4 KB best, and no larger size was faster. */
const pageSize = 4096;
const defaultMapSize = 16 * 2 ** 30;
/** LMDB's lock file with its 126 reader slots, rounded up to whole pages. */
const lockFileSize = 12 * 1024;
/** LMDB does not survive running out of space while it makes its databases: without this much it is not opened. */
const roomToOpen = 2 ** 20;
/** A commit that fails in LMDB's own thread is reported on stderr too; near the end of the disk it runs in ours. */
const roomForBackground = 16 * 2 ** 20;

export class Environment {
  readonly directory: string;
  readonly readOnly: boolean;
  readonly #root: RootDatabase;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(directory: string, readOnly: boolean, root: RootDatabase) {
    this.directory = directory;
    this.readOnly = readOnly;
    this.#root = root;
  }

  /** Errors: HC_STORE with `details.reason`; see docs/design/store.md. */
  static open(directory: string, options: EnvironmentOptions = {}): Environment {
    const readOnly = options.readOnly ?? false;
    try {
      const used = readOnly ? prepareForReading(directory) : prepareForWriting(directory);
      const settings = {
        path: directory,
        noSubdir: false,
        mapSize: options.mapSize ?? defaultMapSize,
        maxDbs: 16,
        pageSize,
        encoding: 'binary' as const,
        // Writes of one turn are grouped by `commit`; the package's own grouping leaves a promise nobody can catch.
        eventTurnBatching: false,
        permissionsMode: 0o600,
        readOnly,
      };
      const root = open(settings);
      const environment = new Environment(directory, readOnly, root);
      if (!readOnly) environment.#claim(used);
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
   * before the promise settles. `bytes` is about what will be written.
   */
  commit(bytes: number, write: () => void): Promise<void> {
    this.refuseClosed();
    if (this.readOnly) {
      return Promise.reject(
        storeError('read-only', `the store ${this.directory} was opened for reading only`),
      );
    }
    const done = this.#last.then(() => this.#commitNow(bytes, write));
    this.#last = done.catch(() => undefined);
    return done;
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
    if (!this.readOnly) releaseOwnership(this.directory);
  }

  async #commitNow(bytes: number, write: () => void): Promise<void> {
    try {
      if (freeBytes(this.directory) > 4 * bytes + roomForBackground) await this.#root.batch(write);
      else this.#root.transactionSync(write);
    } catch (error) {
      // The package rejects at once with a general message and gives the cause in a second promise.
      const commitError = (error as { commitError?: Promise<unknown> }).commitError;
      const cause = commitError === undefined ? error : await commitError.catch((reason: unknown) => reason);
      throw describeFailure('write', this.directory, cause);
    }
  }

  #claim(used: boolean): void {
    try {
      this.#root.transactionSync(() => claimOwnership(this.directory));
      if (used && this.databaseCount() > 0 && !hasMarker(this.#root)) {
        releaseOwnership(this.directory);
        throw storeError('foreign', `${this.directory} holds an LMDB database of another program`);
      }
    } catch (error) {
      void this.#root.close();
      throw error;
    }
  }
}

/** The database that every store has, and nothing else; created first. */
export const markerDatabase = 'hotclick';

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
  probeSpace(directory);
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
    writeFileSync(path, Buffer.alloc(roomToOpen), { mode: 0o600 });
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
