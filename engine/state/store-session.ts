/** The store of a running engine: recovery and restoring at the start, the steady sync, and questions. */
import type { NativeEngine } from '../datapath/addon.ts';
import type { EngineStats } from '../engine-types.ts';
import type { HotclickError } from '../errors.ts';
import { changedKeys } from './changed-keys.ts';
import { diffRevisions, listRevisions } from './history-query.ts';
import { RevisionJournal, type RevisionRecord } from './journal.ts';
import { LibraryArchive } from './library-archive.ts';
import { Publication, type RunningRevisions } from './publication.ts';
import { getTable, listStates } from './query.ts';
import { type RestoredEngine, type RestoreSummary, renewState, restoreState } from './restore.ts';
import { StateStore, type WriteRecord } from './store.ts';
import { StateSyncer } from './syncer.ts';

export interface SyncOptions {
  readonly interval: number | undefined;
  /** Everything is written, whatever the store has: the memory may have more. */
  readonly complete?: boolean;
  /** Told when the store fails, and with undefined when it works again. */
  readonly onState: (error: string | undefined) => void;
}

export class StoreSession {
  readonly journal: RevisionJournal;
  readonly archive: LibraryArchive;
  readonly #store: StateStore;
  #syncer: StateSyncer | undefined;
  #failure: HotclickError | undefined;
  #moved = false;
  #restored: RestoreSummary | undefined;

  private constructor(store: StateStore) {
    this.#store = store;
    this.journal = new RevisionJournal(store);
    this.archive = new LibraryArchive(store);
  }

  /** @throws HotclickError HC_STORE */
  static async open(directory: string): Promise<StoreSession> {
    return new StoreSession(await StateStore.open(directory));
  }

  /** Ends what a killed engine left pending; the revision that ran last, if there was one. */
  async recover(): Promise<RevisionRecord | undefined> {
    await this.journal.recover();
    return this.journal.current();
  }

  /** `before` is the revision that ran last. */
  restore(engine: RestoredEngine, shards: number, before: RevisionRecord): RestoreSummary {
    // A revision may have been killed before its first sync: then the state is still spread as the one before left it.
    const spread = this.#store.revisions().at(-1)?.shards ?? before.shards;
    const summary = restoreState(this.#store, engine, shards, spread);
    this.#moved = summary.moved;
    this.#restored = summary;
    return summary;
  }

  /** Takes up what another process has written since the state was restored; see restoreSnapshot. */
  renew(
    engine: Pick<NativeEngine, 'renewStatic' | 'renewTable'>,
    revision: number,
    written: readonly string[],
  ): void {
    renewState(this.#store.loadWritten(written), engine, revision);
  }

  recordWrites(): WriteRecord {
    return this.#store.recordWrites();
  }

  /**
   * What did not come back as it was. A table that the running classes could not take up ends with this revision, and
   * stays in those before.
   */
  restoreWarnings(stateOf: Parameters<typeof changedKeys>[1]): HotclickError[] {
    const { tables, warnings } = this.#restored ?? { tables: [], warnings: [] };
    const changed = changedKeys(tables, stateOf);
    this.#moved ||= changed.length > 0;
    this.#restored = undefined;
    return [...warnings, ...changed];
  }

  async startSync(
    engine: Pick<NativeEngine, 'publish' | 'markAllDirty'>,
    shards: number,
    revisions: RunningRevisions,
    options: SyncOptions,
  ): Promise<void> {
    // Records that have other slots now: everything is written, and what the store had ends.
    const complete = this.#moved || (options.complete ?? false);
    for (let shard = 0; complete && shard < shards; ++shard) await engine.markAllDirty(shard);
    this.#syncer = new StateSyncer(this.#store, new Publication(engine, shards, revisions), {
      ...(options.interval === undefined ? {} : { interval: options.interval }),
      complete,
      onError: (error) => {
        this.#failure = error;
        options.onState(error.message);
      },
      onRecovered: () => {
        this.#failure = undefined;
        options.onState(undefined);
      },
    });
    this.#syncer.start();
  }

  /** After a committed revision: the oldest ones' state goes. */
  async prune(): Promise<void> {
    await this.#store.pruneRevisions();
  }

  /** Ends all state of an element that is no more. */
  async forget(element: string): Promise<void> {
    await this.#store.endElement(element);
  }

  async flush(): Promise<void> {
    await this.#syncer?.flush();
  }

  /** A last sync. A store that cannot be written keeps nobody from stopping. */
  async stopSync(): Promise<void> {
    await this.#syncer?.stop();
    this.#syncer = undefined;
  }

  stats(): NonNullable<EngineStats['store']> {
    const stats = this.#syncer?.stats;
    return {
      lastSyncMs: stats?.lastDuration ?? 0,
      pages: stats?.lastPages ?? 0,
      bytes: stats?.lastBytes ?? 0,
      ...(this.#failure ? { error: this.#failure.message } : {}),
    };
  }

  list() {
    return listStates(this.#store);
  }
  get(table: string, options: { filter?: string; limit?: number }) {
    return getTable(this.#store, table, options);
  }
  history() {
    return listRevisions(this.#store, this.journal.list());
  }
  diff(from: number, to: number) {
    return diffRevisions(this.#store, from, to);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
