/** The journal of revisions: what ran when, how it came to be, and how far an upgrade had got when the engine died. */
import type { Database } from 'lmdb';
import { HotclickError } from '../errors.ts';
import type { RouterGraph } from '../graph/router-graph.ts';
import { type StateStore, storeDatabase } from './store.ts';
import { largestRevision } from './value-table.ts';

export type RevisionKind = 'start' | 'upgrade' | 'apply' | 'rollback' | 'write';
export type RevisionStatus = 'pending' | 'committed' | 'undone' | 'failed';

export interface LibraryVersion {
  readonly version: string;
  /** Content hash under which the library archive keeps it; hex. */
  readonly sha256: string;
}

/** What the engine says when a revision begins. */
export interface RevisionDraft {
  readonly kind: RevisionKind;
  readonly graphText: string;
  readonly graph: RouterGraph;
  /** By class name. */
  readonly libraries: Readonly<Record<string, LibraryVersion>>;
  /** 'swap', 'thread', … */
  readonly strategy: string;
  /** Shards that must roll before the revision counts as finished. */
  readonly shards: number;
  readonly author?: string;
}

export interface RevisionRecord extends RevisionDraft {
  readonly revision: number;
  /** The revision that ran before; null for the first. */
  readonly parent: number | null;
  /** Unix time in ms. */
  readonly createdAt: number;
  /** Unix time in ms at which it was committed, undone or failed. */
  readonly endedAt?: number;
  readonly status: RevisionStatus;
  /** 'prepared', then 'rolled:SHARD' for each shard, in the order they were done. */
  readonly steps: readonly string[];
  /** What the upgrade measured: break times per shard and the like. */
  readonly report?: unknown;
  /** Why it was undone or failed. */
  readonly reason?: string;
}

const killed = 'the engine was killed';

export class RevisionJournal {
  readonly #store: StateStore;
  readonly #records: Database<RevisionRecord, number>;
  #last: number;
  #beginning = false;

  constructor(store: StateStore) {
    this.#store = store;
    this.#records = storeDatabase(store.environment, 'journal', { encoding: 'json', keyEncoding: 'uint32' });
    this.#last = Math.max(this.list().at(-1)?.revision ?? 0, store.revisions().at(-1)?.revision ?? 0);
  }

  /** Records a new revision as pending. Errors: HC_UPGRADE_BUSY while another one is. */
  async begin(draft: RevisionDraft): Promise<RevisionRecord> {
    const pending = this.list().find(({ status }) => status === 'pending');
    if (this.#beginning || pending !== undefined) {
      throw new HotclickError(
        'HC_UPGRADE_BUSY',
        `revision ${pending?.revision ?? this.#last} is still pending`,
      );
    }
    this.#beginning = true;
    try {
      const revision = this.#last + 1;
      const record: RevisionRecord = {
        ...draft,
        revision,
        parent: this.current()?.revision ?? null,
        createdAt: Date.now(),
        status: 'pending',
        steps: [],
      };
      await this.#write(record);
      this.#last = revision;
      return record;
    } finally {
      this.#beginning = false;
    }
  }

  /** Adds a step that has been done: 'prepared' or 'rolled:SHARD'. */
  step(revision: number, step: string): Promise<RevisionRecord> {
    return this.#change(revision, (record) => ({ ...record, steps: [...record.steps, step] }));
  }

  commit(revision: number, report?: unknown): Promise<RevisionRecord> {
    return this.#end(revision, 'committed', report === undefined ? {} : { report });
  }

  /** It was taken back on purpose, or by recovery: the parent goes on. */
  undo(revision: number, reason: string, report?: unknown): Promise<RevisionRecord> {
    return this.#end(revision, 'undone', report === undefined ? { reason } : { reason, report });
  }

  /** It was refused before any shard had rolled. */
  fail(revision: number, reason: string): Promise<RevisionRecord> {
    return this.#end(revision, 'failed', { reason });
  }

  /** The newest revision that was committed: what runs, or ran last. */
  current(): RevisionRecord | undefined {
    for (const { value } of this.#records.getRange({ reverse: true, start: largestRevision, end: 0 })) {
      if (value.status === 'committed') return value;
    }
    return undefined;
  }

  get(revision: number): RevisionRecord | undefined {
    this.#store.environment.refuseClosed();
    return this.#records.get(revision);
  }

  /** All revisions, oldest first. */
  list(): RevisionRecord[] {
    this.#store.environment.refuseClosed();
    return [...this.#records.getRange({})].map(({ value }) => value);
  }

  /**
   * Called at start, before anything begins: ends what a killed engine left pending. The shards of that engine are
   * gone, so only a revision that all of them had rolled to counts as finished; anything less is undone. Returns the
   * revisions that were ended.
   */
  async recover(): Promise<RevisionRecord[]> {
    const ended: RevisionRecord[] = [];
    for (const record of this.list().filter(({ status }) => status === 'pending')) {
      const rolled = new Set(record.steps.filter((step) => step.startsWith('rolled:'))).size;
      if (record.shards > 0 && rolled >= record.shards) {
        const reason = `${killed} after all ${record.shards} shards had rolled`;
        ended.push(await this.#end(record.revision, 'committed', { reason }));
      } else {
        const reason = `${killed} when ${rolled} of ${record.shards} shards had rolled`;
        ended.push(await this.#end(record.revision, 'undone', { reason }));
      }
    }
    return ended;
  }

  #end(revision: number, status: RevisionStatus, more: Partial<RevisionRecord>): Promise<RevisionRecord> {
    return this.#change(revision, (record) => ({ ...record, ...more, status, endedAt: Date.now() }));
  }

  async #change(
    revision: number,
    change: (record: RevisionRecord) => RevisionRecord,
  ): Promise<RevisionRecord> {
    this.#refuseUnlessPending(this.get(revision), revision);
    let changed: RevisionRecord | undefined;
    await this.#store.environment.commit(sizeOf(this.get(revision)), () => {
      // Read again: a change asked for before this one may have been committed meanwhile.
      const record = this.#records.get(revision);
      if (record?.status !== 'pending') return;
      changed = change(record);
      void this.#records.put(revision, changed);
    });
    if (changed === undefined) this.#refuseUnlessPending(this.get(revision), revision);
    return changed as RevisionRecord;
  }

  async #write(record: RevisionRecord): Promise<void> {
    await this.#store.environment.commit(
      sizeOf(record),
      () => void this.#records.put(record.revision, record),
    );
  }

  #refuseUnlessPending(record: RevisionRecord | undefined, revision: number): void {
    if (record?.status === 'pending') return;
    const is = record === undefined ? 'not in the journal' : `already ${record.status}`;
    throw new HotclickError('HC_ARGUMENT', `revision ${revision} is ${is}`);
  }
}

/** About what a record takes in the store. */
function sizeOf(record: RevisionRecord | undefined): number {
  return 4096 + 4 * (record?.graphText.length ?? 0);
}
