/**
 * The database of pages and static values. The key [state, shard, page, revision] makes a page written under a new
 * revision a new entry, so each revision keeps the state as it was when it ended. The value is the published bytes;
 * LMDB's per-entry version number holds the layout's id, so nothing is copied to put a header before them.
 */
import { type Database, getLastVersion } from 'lmdb';
import type { Environment } from './environment.ts';
import type { StateLayout } from './state-page.ts';

type ReadTransaction = ReturnType<Database['useReadTransaction']>;

/** The package's declarations leave the options of this call out. */
interface TransactionalReads {
  getBinaryFast(key: Uint8Array, options: { transaction: ReadTransaction }): Uint8Array | undefined;
}

export type BinaryDatabase = Database<Uint8Array, Uint8Array> & TransactionalReads;

/** The page number that stands for the one value of a static state. */
export const staticPage = 0xffff_ffff;
export const largestShard = 0xffff;
export const largestRevision = 0xffff_ffff;
const keySize = 14;
/** Key bytes that name a page; what follows is the revision. */
const prefixSize = 10;

/** One version of a page or static value. */
export interface ValueEntry {
  readonly stateId: number;
  readonly shard: number;
  readonly page: number;
  readonly revision: number;
  readonly key: Uint8Array;
}

/** The bytes of a value: valid until the next read from any LMDB database of this process. */
export interface StoredValue {
  readonly layoutId: number;
  readonly data: Uint8Array;
}

/** The part of the table that belongs to one state; without it, everything. */
export interface ValueRange {
  readonly stateId?: number;
}

export function valueKey(stateId: number, shard: number, page: number, revision: number): Uint8Array {
  const key = Buffer.allocUnsafe(keySize);
  key.writeUInt32BE(stateId, 0);
  key.writeUInt16BE(shard, 4);
  key.writeUInt32BE(page, 6);
  key.writeUInt32BE(revision, prefixSize);
  return key;
}

/** What all versions of a value have in common, as text: 20 hexadecimal digits. */
export function nameOfValue(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, prefixSize).toString('hex');
}

/** A value that says "not there any more": nothing for static state, an empty bitmap for a page. */
export function isGone(kind: StateLayout['kind'], data: Uint8Array): boolean {
  if (data.length === 0) return true;
  if (kind !== 'table') return false;
  for (let i = 0; i < 8; i++) if (data[i] !== 0) return false;
  return true;
}

/** A consistent view of the table while it is being written. Close it: an open one keeps old pages from reuse. */
export class ValueReader {
  readonly #database: BinaryDatabase;
  readonly #transaction: ReadTransaction;

  constructor(environment: Environment, database: BinaryDatabase) {
    environment.refuseClosed();
    this.#database = database;
    this.#transaction = database.useReadTransaction();
  }

  /** All versions in the order of the keys, so the versions of a page follow each other, oldest first. */
  *entries(range: ValueRange = {}): Generator<ValueEntry> {
    const first = range.stateId ?? 0;
    const start = valueKey(first, 0, 0, 0);
    const end = range.stateId === undefined ? Buffer.alloc(keySize + 1, 0xff) : valueKey(first + 1, 0, 0, 0);
    for (const key of this.#database.getKeys({ start, end, transaction: this.#transaction })) {
      yield entryOf(key);
    }
  }

  /** The newest version of the value with that name (nameOfValue). */
  newestOf(name: string): ValueEntry | undefined {
    const prefix = Buffer.from(name, 'hex');
    const start = Buffer.concat([prefix, Buffer.alloc(keySize - prefixSize)]);
    const end = Buffer.concat([prefix, Buffer.alloc(keySize - prefixSize + 1, 0xff)]);
    let newest: ValueEntry | undefined;
    for (const key of this.#database.getKeys({ start, end, transaction: this.#transaction }))
      newest = entryOf(key);
    return newest;
  }

  /** Of each page the newest version that is not newer than `revision`. */
  *newest(revision: number, range: ValueRange = {}): Generator<ValueEntry> {
    let last: ValueEntry | undefined;
    for (const entry of this.entries(range)) {
      if (last !== undefined && !samePage(last, entry)) {
        yield last;
        last = undefined;
      }
      if (entry.revision <= revision) last = entry;
    }
    if (last !== undefined) yield last;
  }

  /** The versions of each page, oldest first. */
  *pages(range: ValueRange = {}): Generator<readonly ValueEntry[]> {
    let versions: ValueEntry[] = [];
    for (const entry of this.entries(range)) {
      if (versions[0] !== undefined && !samePage(versions[0], entry)) {
        yield versions;
        versions = [];
      }
      versions.push(entry);
    }
    if (versions.length > 0) yield versions;
  }

  read(entry: ValueEntry): StoredValue {
    const shared = this.#database.getBinaryFast(entry.key, { transaction: this.#transaction });
    if (shared === undefined) return { layoutId: 0, data: new Uint8Array(0) };
    // The package lends one large buffer with a `length` of its own; make it a plain view.
    const data = new Uint8Array(shared.buffer, shared.byteOffset, shared.length);
    return { layoutId: getLastVersion(), data };
  }

  close(): void {
    this.#transaction.done();
  }
}

function entryOf(key: Uint8Array): ValueEntry {
  const view = new DataView(key.buffer, key.byteOffset, keySize);
  return {
    stateId: view.getUint32(0),
    shard: view.getUint16(4),
    page: view.getUint32(6),
    revision: view.getUint32(prefixSize),
    key,
  };
}

function samePage(a: ValueEntry, b: ValueEntry): boolean {
  return a.page === b.page && a.shard === b.shard && a.stateId === b.stateId;
}
