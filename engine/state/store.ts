/**
 * The state store of one engine: its directory holds an LMDB environment with the pages of tables and the values of
 * static state by revision, and the tables of the journal and the library archive. See docs/design/store.md.
 */
import type { Database } from 'lmdb';
import { HotclickError } from '../errors.ts';
import { pagesOf } from './data-room.ts';
import { Environment, type EnvironmentOptions } from './environment.ts';
import { StateCatalog, type StateName } from './state-catalog.ts';
import type {
  PublishedPage,
  PublishedState,
  PublishedStatic,
  StateAddress,
  StateLayout,
} from './state-page.ts';
import { databaseNames, markerDatabase, openDatabase } from './store-databases.ts';
import { storeError } from './store-error.ts';
import {
  type BinaryDatabase,
  isGone,
  largestRevision,
  largestShard,
  nameOfValue,
  staticPage,
  type ValueEntry,
  ValueReader,
  valueKey,
} from './value-table.ts';

export interface StoreOptions extends EnvironmentOptions {
  /** Revisions of state that `pruneRevisions` leaves. */
  readonly keepRevisions?: number;
}

/** A revision of which the store has state. Times are Unix milliseconds. */
export interface StateRevision {
  readonly revision: number;
  readonly firstWrite: number;
  readonly lastWrite: number;
  /** Transactions that wrote state of it. */
  readonly writes: number;
  /** Among how many shards its records are spread. */
  readonly shards?: number;
}

export interface LoadedValue {
  readonly address: StateAddress;
  readonly layout: StateLayout;
  /** Tables only. */
  readonly page?: number;
  /** Valid until the next step of the iteration and the next read of the store: copy what must stay. */
  readonly data: Uint8Array;
}

/** Which values were written since it began, each by its name: 20 hexadecimal digits, the same in every process. */
export interface WriteRecord {
  list(): string[];
  end(): void;
}

export interface WriteOptions {
  /**
   * The published state is all there is: every other page and static value of the store ends with this revision.
   * For the first write after a start, when the slots of the records are new ones.
   */
  readonly complete?: boolean;
}

interface ValueWrite {
  readonly key: Uint8Array;
  readonly data: Uint8Array;
  readonly layoutId: number;
}

interface StoreMarker {
  readonly format: string;
  readonly version: number;
  readonly createdAt: number;
}

const formatName = 'hotclick-store';
/** Raised when the meaning of the databases changes. */
const formatVersion = 1;
const markerKey = 'format';
const defaultKeepRevisions = 16;

export class StateStore {
  /** For the other tables of the store: journal and library archive. */
  readonly environment: Environment;
  readonly catalog: StateCatalog;
  readonly #values: BinaryDatabase;
  readonly #revisions: Database<StateRevision, number>;
  readonly #keepRevisions: number;
  readonly #records = new Set<Set<string>>();

  private constructor(environment: Environment, keepRevisions: number) {
    this.environment = environment;
    this.#keepRevisions = keepRevisions;
    for (const name of databaseNames) openDatabase(environment, name);
    this.#revisions = openDatabase(environment, 'revisions');
    this.#values = openDatabase<Uint8Array, Uint8Array>(environment, 'values') as BinaryDatabase;
    environment.watchShape(this.#values);
    this.catalog = new StateCatalog(
      openDatabase(environment, 'layouts'),
      openDatabase(environment, 'states'),
    );
  }

  /**
   * Opens the store in `directory`, which is made if it is not there (not when `readOnly`). One engine holds a store;
   * readers may come at any time (within the engine's own process only after it). Needs 1 MiB of free space to write. Errors: HC_STORE with `details.reason`: 'permission', 'read-only', 'full',
   * 'corrupt', 'foreign', 'held', 'missing' or 'io'.
   */
  static async open(directory: string, options: StoreOptions = {}): Promise<StateStore> {
    const keepRevisions = options.keepRevisions ?? defaultKeepRevisions;
    if (!Number.isInteger(keepRevisions) || keepRevisions < 1) {
      throw new HotclickError(
        'HC_ARGUMENT',
        `keepRevisions must be a whole number above 0, not ${keepRevisions}`,
      );
    }
    const environment = await Environment.open(directory, options);
    try {
      await checkMarker(environment);
      return new StateStore(environment, keepRevisions);
    } catch (error) {
      await environment.close();
      throw error;
    }
  }

  get directory(): string {
    return this.environment.directory;
  }

  /**
   * Writes one interval: all pages and static values, the revision they belong to and the time, in one transaction.
   * The buffers must not change until the promise settles. Writes are done one after the other.
   */
  async writeState(published: PublishedState, options: WriteOptions = {}): Promise<void> {
    this.environment.refuseClosed();
    const { revision } = published;
    checkNumber('revision', revision, largestRevision);
    const records = [
      ...published.pages.map((page) => this.#prepare(page, page.page, revision)),
      ...published.statics.map((value) => this.#prepare(value, staticPage, revision)),
    ];
    if (options.complete) records.push(...this.#ends(revision, records));
    if (records.length === 0 && (revision === 0 || this.#revisions.doesExist(revision))) return; // 0: nothing runs yet
    const catalog = this.catalog.unsaved();
    const pages = records.reduce((sum, record) => sum + pagesOf(record.data.length), catalog.pages);
    await this.environment.commit({ values: records.length + catalog.values, pages }, () => {
      catalog.put();
      for (const { key, data, layoutId } of records) void this.#values.put(key, data, layoutId);
      void this.#revisions.put(revision, nextRevisionRecord(published, this.#revisions.get(revision)));
    });
    catalog.saved();
    for (const record of this.#records) for (const { key } of records) record.add(nameOfValue(key));
  }

  recordWrites(): WriteRecord {
    const record = new Set<string>();
    this.#records.add(record);
    return { list: () => [...record], end: () => void this.#records.delete(record) };
  }

  /** Ends all pages and static values of an element with the newest revision: it is no more. */
  async endElement(element: string): Promise<void> {
    const revision = this.revisions().at(-1)?.revision;
    const records = revision === undefined ? [] : this.#ends(revision, [], { element });
    await this.environment.commit({ values: records.length, pages: 0 }, () => {
      for (const { key, data, layoutId } of records) void this.#values.put(key, data, layoutId);
    });
  }

  /**
   * The newest version of every page and static value, or the one that was newest when `revision` ended. Errors:
   * HC_STORE (reason 'pruned') for a revision that is no longer, or not yet, there.
   */
  *loadState(revision?: number, only: Partial<StateName> = {}): Generator<LoadedValue> {
    if (revision !== undefined) this.refuseUnknownRevision(revision);
    const reader = this.reader();
    try {
      for (const range of this.#rangesOf(only)) {
        for (const entry of reader.newest(revision ?? largestRevision, range)) {
          const value = this.#loaded(reader, entry);
          if (!isGone(value.layout.kind, value.data)) yield value;
        }
      }
    } finally {
      reader.close();
    }
  }

  /** The newest version of values that a WriteRecord has; one that has ended comes as an empty one. */
  *loadWritten(names: readonly string[]): Generator<LoadedValue> {
    const reader = this.reader();
    try {
      for (const name of names) {
        const entry = reader.newestOf(name);
        if (entry) yield this.#loaded(reader, entry);
      }
    } finally {
      reader.close();
    }
  }

  #loaded(reader: ValueReader, entry: ValueEntry): LoadedValue {
    const { layoutId, data } = reader.read(entry);
    const layout = this.catalog.layout(layoutId);
    const address: StateAddress = { ...this.catalog.state(entry.stateId), shard: entry.shard };
    return entry.page === staticPage
      ? { address, layout, data }
      : { address, layout, page: entry.page, data };
  }

  /** A consistent view of all versions, for those who compare revisions. The caller closes it. */
  reader(): ValueReader {
    const reader = new ValueReader(this.environment, this.#values);
    this.catalog.refresh(); // after the view was opened, so that it knows every id in it
    return reader;
  }

  /** The revisions of which state is kept, oldest first. */
  revisions(): StateRevision[] {
    this.environment.refuseClosed();
    return [...this.#revisions.getRange({})].map(({ value }) => value);
  }

  /** Removes what only older revisions than the last `keepRevisions` need. Returns the number of values removed. */
  async pruneRevisions(): Promise<number> {
    const revisions = this.revisions();
    const oldest = revisions.at(-this.#keepRevisions);
    if (oldest === undefined || revisions[0] === oldest) return 0;
    const keys: Uint8Array[] = [];
    const reader = this.reader();
    try {
      for (const versions of reader.pages()) {
        const before = versions.filter((version) => version.revision <= oldest.revision);
        const base = before.pop();
        keys.push(...before.map((version) => version.key));
        if (base !== undefined && this.#isGone(reader, base)) keys.push(base.key);
      }
    } finally {
      reader.close();
    }
    const dropped = revisions.filter(({ revision }) => revision < oldest.revision);
    await this.environment.commit({ values: keys.length + dropped.length, pages: 0 }, () => {
      for (const key of keys) void this.#values.remove(key);
      for (const { revision } of dropped) void this.#revisions.remove(revision);
    });
    return keys.length;
  }

  close(): Promise<void> {
    return this.environment.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #prepare(value: PublishedPage | PublishedStatic, page: number, revision: number): ValueWrite {
    checkNumber('shard', value.shard, largestShard);
    if (value.layout.kind === 'table') checkNumber('page', page, staticPage - 1);
    const stateId = this.catalog.stateId(value.element, value.state);
    const key = valueKey(stateId, value.shard, page, revision);
    return { key, data: value.data, layoutId: this.catalog.layoutId(value.layout) };
  }

  /** Ends for all pages and static values but those being written; of one element, or of all. */
  #ends(revision: number, records: readonly ValueWrite[], only: Partial<StateName> = {}): ValueWrite[] {
    const written = new Set(records.map(({ key }) => nameOfValue(key)));
    const ended: ValueWrite[] = [];
    const reader = this.reader();
    try {
      for (const range of this.#rangesOf(only)) {
        for (const entry of reader.newest(revision, range)) {
          if (written.has(nameOfValue(entry.key)) || this.#isGone(reader, entry)) continue;
          const { layoutId } = reader.read(entry);
          const key = valueKey(entry.stateId, entry.shard, entry.page, revision);
          ended.push({ key, data: new Uint8Array(0), layoutId });
        }
      }
    } finally {
      reader.close();
    }
    return ended;
  }

  #isGone(reader: ValueReader, entry: ValueEntry): boolean {
    const { layoutId, data } = reader.read(entry);
    return isGone(this.catalog.layout(layoutId).kind, data);
  }

  #rangesOf({ element, state }: Partial<StateName>): { stateId?: number }[] {
    if (element === undefined && state === undefined) return [{}];
    const matches = (name: StateName) =>
      (element === undefined || name.element === element) && (state === undefined || name.state === state);
    return this.catalog
      .states()
      .filter(matches)
      .map(({ id }) => ({ stateId: id }));
  }

  /** Throws HC_STORE (reason 'pruned') unless the state as `revision` ended can be read. */
  refuseUnknownRevision(revision: number): void {
    const kept = this.revisions();
    const first = kept[0]?.revision;
    const last = kept.at(-1)?.revision;
    if (first !== undefined && last !== undefined && revision >= first && revision <= last) return;
    const range = first === undefined ? 'none is' : `${first} to ${last} are`;
    throw storeError('pruned', `no state of revision ${revision} is kept in ${this.directory}; ${range}`);
  }
}

async function checkMarker(environment: Environment): Promise<void> {
  const { directory } = environment;
  const database = environment.database<StoreMarker, string>(markerDatabase, { encoding: 'json' });
  if (database === undefined)
    throw storeError('foreign', `${directory} holds an LMDB database of another program`);
  const marker = database.get(markerKey);
  if (marker === undefined && !environment.readOnly) {
    const created: StoreMarker = { format: formatName, version: formatVersion, createdAt: Date.now() };
    await environment.commit({ values: 1, pages: 1 }, () => void database.put(markerKey, created));
    return;
  }
  if (marker?.format !== formatName) throw storeError('foreign', `${directory} is not a hotclick store`);
  if (marker.version !== formatVersion) {
    throw storeError(
      'foreign',
      `the store ${directory} has format ${marker.version}; this version of hotclick reads ${formatVersion}`,
    );
  }
}

function nextRevisionRecord(
  { revision, shards }: PublishedState,
  known: StateRevision | undefined,
): StateRevision {
  const now = Date.now();
  return {
    revision,
    firstWrite: known?.firstWrite ?? now,
    lastWrite: now,
    writes: (known?.writes ?? 0) + 1,
    ...(shards === undefined ? {} : { shards }),
  };
}

function checkNumber(what: string, value: number, largest: number): void {
  if (!Number.isInteger(value) || value < 0 || value > largest) {
    throw new HotclickError('HC_ARGUMENT', `${what} ${value} is not a whole number from 0 to ${largest}`);
  }
}
