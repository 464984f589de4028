/** The journal of revisions: what ran when, how it came to be, and how far an upgrade had got when the engine died. */
import type { Database } from 'lmdb';
import { HotclickError } from '../errors.ts';
import type { RouterGraph } from '../graph/router-graph.ts';
import { pagesOf, type WriteLoad } from './data-room.ts';
import type { StateStore } from './store.ts';
import { openDatabase } from './store-databases.ts';

export type RevisionKind = 'start' | 'upgrade' | 'apply' | 'rollback' | 'write';
export type RevisionStatus = 'pending' | 'committed' | 'undone' | 'failed';

export interface LibraryVersion {
  readonly version: string;
  /** Content hash under which the library archive keeps it; hex. */
  readonly sha256: string;
  /** It was not chosen by an upgrade but is what the installation has: after a restart, what that has then. */
  readonly installed?: true;
  /** How its undeclared static variables are found, when it has any. */
  readonly statics?: 'symbols' | 'compiled';
}

/** An older version of an element that runs beside the newest; see engine/upgrade/older-versions.ts. */
export interface OlderVersionRecord extends LibraryVersion {
  readonly name: string;
  readonly element: string;
  readonly className: string;
  readonly args: readonly string[];
  readonly moves: boolean;
  /** Unix time in ms at which its last flow had ended. */
  readonly endedAt?: number;
}

/** The record with the older version of that name ended. */
export function withEnd(record: RevisionRecord, name: string): RevisionRecord {
  const endedAt = Date.now();
  return {
    ...record,
    older: record.older?.map((one) => (one.name === name ? { ...one, endedAt } : one)) ?? [],
  };
}

/** What the engine says when a revision begins. */
export interface RevisionDraft {
  readonly kind: RevisionKind;
  readonly graphText: string;
  readonly graph: RouterGraph;
  /** By class name. */
  readonly libraries: Readonly<Record<string, LibraryVersion>>;
  /** What runs beside those, oldest first. */
  readonly older?: readonly OlderVersionRecord[];
  /** 'swap', 'thread', … */
  readonly strategy: string;
  /** Shards that must roll before the revision counts as finished. */
  readonly shards: number;
  /** It counts as finished only after it was watched as well. */
  readonly watched?: true;
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
  /** 'prepared', 'rolled:SHARD', 'watched:canary', 'watched', 'undoing': what was done, in that order. */
  readonly steps: readonly string[];
  /** What the upgrade measured: break times per shard and the like. */
  readonly report?: unknown;
  /** Why it was undone or failed. */
  readonly reason?: string;
}

const killed = 'the engine was killed';

/** Revisions that a journal remembers: those of years, and bounded for an engine that is upgraded by a program. */
export const revisionsKept = 1000;

/** What one more revision makes a journal forget that keeps so many: the oldest, but never the one that runs. */
export function outdated(
  records: readonly RevisionRecord[],
  current: RevisionRecord | undefined,
  kept: number,
): RevisionRecord[] {
  return records.slice(0, Math.max(0, records.length + 1 - kept)).filter((one) => one !== current);
}

export class RevisionJournal {
  readonly #store: StateStore;
  readonly #kept: number;
  readonly #records: Database<RevisionRecord, number>;
  /** What could not be written: true for this process, and written with the next change. */
  readonly #unwritten = new Map<number, RevisionRecord>();
  #last: number;
  #beginning = false;

  constructor(store: StateStore, kept = revisionsKept) {
    this.#store = store;
    this.#kept = kept;
    this.#records = openDatabase(store.environment, 'journal');
    this.#last = Math.max(this.list().at(-1)?.revision ?? 0, store.revisions().at(-1)?.revision ?? 0);
  }

  /** Records a new revision as pending. Errors: HC_UPGRADE_BUSY while another one is. */
  async begin(draft: RevisionDraft): Promise<RevisionRecord> {
    const records = this.list();
    const pending = records.find(({ status }) => status === 'pending');
    if (this.#beginning || pending !== undefined) {
      throw new HotclickError(
        'HC_UPGRADE_BUSY',
        `revision ${pending?.revision ?? this.#last} is still pending`,
      );
    }
    this.#beginning = true;
    try {
      const revision = this.#last + 1;
      const current = records.findLast(({ status }) => status === 'committed');
      const record: RevisionRecord = {
        ...draft,
        revision,
        parent: current?.revision ?? null,
        createdAt: Date.now(),
        status: 'pending',
        steps: [],
      };
      await this.#write(() => record, record, outdated(records, current, this.#kept));
      this.#last = revision;
      return record;
    } finally {
      this.#beginning = false;
    }
  }

  /** Adds a step that has been done; see RevisionRecord. */
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

  /** Notes in a committed revision that an older version which ran beside the newest has ended. */
  async noteEnd(revision: number, name: string): Promise<void> {
    const noted = () => {
      const record = this.get(revision);
      return record && withEnd(record, name);
    };
    const sample = noted();
    if (!sample) return;
    try {
      await this.#write(noted, sample);
    } catch (error) {
      this.#unwritten.set(revision, withEnd(this.get(revision) ?? sample, name));
      throw error;
    }
  }

  /** The newest revision that was committed: what runs, or ran last. */
  current(): RevisionRecord | undefined {
    return this.list().findLast(({ status }) => status === 'committed');
  }

  get(revision: number): RevisionRecord | undefined {
    this.#store.environment.refuseClosed();
    return this.#unwritten.get(revision) ?? this.#records.get(revision);
  }

  /** All revisions, oldest first. */
  list(): RevisionRecord[] {
    this.#store.environment.refuseClosed();
    return [...this.#records.getRange({})].map(({ key, value }) => this.#unwritten.get(key) ?? value);
  }

  /**
   * Called at start, before anything begins: ends what a killed engine left pending. The shards of that engine are
   * gone, so only a revision that all of them had rolled to, and that was watched to its end if that was asked for,
   * counts as finished; anything less is undone. Returns the revisions that were ended.
   */
  async recover(): Promise<RevisionRecord[]> {
    const ended: RevisionRecord[] = [];
    for (const record of this.list().filter(({ status }) => status === 'pending')) {
      const rolled = new Set(record.steps.filter((step) => step.startsWith('rolled:'))).size;
      const undoing = record.steps.includes('undoing');
      const watched = !record.watched || record.steps.includes('watched');
      if (record.shards > 0 && rolled >= record.shards && watched && !undoing) {
        const reason = `${killed} after all ${record.shards} shards had rolled`;
        ended.push(await this.#end(record.revision, 'committed', { reason }));
      } else {
        const reason = undoing
          ? `${killed} while it was undone`
          : watched
            ? `${killed} when ${rolled} of ${record.shards} shards had rolled`
            : `${killed} before it had been watched, when ${rolled} of ${record.shards} shards had rolled`;
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
    const asked = this.#pending(revision);
    let changed: RevisionRecord | undefined;
    try {
      await this.#write(() => {
        // Read again: a change asked for before this one may have been committed meanwhile.
        const record = this.get(revision);
        if (record?.status === 'pending') changed = change(record);
        return changed;
      }, change(asked));
    } catch (error) {
      this.#unwritten.set(revision, changed ?? change(this.#pending(revision)));
      throw error;
    }
    return changed ?? this.#pending(revision);
  }

  /**
   * Writes a record, which will be about as large as `sample`, and with it what could not be written before; forgets
   * others.
   */
  async #write(
    next: () => RevisionRecord | undefined,
    sample: RevisionRecord,
    forgotten: readonly RevisionRecord[] = [],
  ): Promise<void> {
    let written: RevisionRecord[] = [];
    const expected = [...this.#unwritten.values(), sample];
    await this.#store.environment.commit(loadOf([...expected, ...forgotten]), () => {
      const record = next();
      const before = [...this.#unwritten.values()].filter(({ revision }) => revision !== record?.revision);
      written = record === undefined ? before : [...before, record];
      for (const each of written) void this.#records.put(each.revision, each);
      for (const { revision } of forgotten) void this.#records.remove(revision);
    });
    for (const { revision } of [...written, ...forgotten]) this.#unwritten.delete(revision);
  }

  /** A pending revision. Errors: HC_ARGUMENT. */
  #pending(revision: number): RevisionRecord {
    const record = this.get(revision);
    if (record?.status === 'pending') return record;
    const is = record === undefined ? 'not in the journal' : `already ${record.status}`;
    throw new HotclickError('HC_ARGUMENT', `revision ${revision} is ${is}`);
  }
}

function loadOf(records: readonly RevisionRecord[]): WriteLoad {
  const pages = records.reduce((sum, record) => sum + pagesOf(Buffer.byteLength(JSON.stringify(record))), 0);
  return { values: records.length, pages };
}
