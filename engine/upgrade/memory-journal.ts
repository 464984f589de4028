/** The journal of an engine without a store: revisions as long as the process lives. */
import { HotclickError } from '../errors.ts';
import {
  outdated,
  type RevisionDraft,
  type RevisionJournal,
  type RevisionRecord,
  revisionsKept,
  withEnd,
} from '../state/journal.ts';

/** What an upgrade needs of a journal. */
export type Journal = Pick<
  RevisionJournal,
  'begin' | 'step' | 'commit' | 'undo' | 'fail' | 'noteEnd' | 'current' | 'get' | 'list' | 'recover'
>;

export class MemoryJournal implements Journal {
  #records: RevisionRecord[];
  readonly #kept: number;

  /** `records`: what another process had. */
  constructor(records: readonly RevisionRecord[] = [], kept = revisionsKept) {
    this.#records = [...records];
    this.#kept = kept;
  }

  begin(draft: RevisionDraft): Promise<RevisionRecord> {
    const current = this.current();
    const record: RevisionRecord = {
      ...draft,
      revision: (this.#records.at(-1)?.revision ?? 0) + 1,
      parent: current?.revision ?? null,
      createdAt: Date.now(),
      status: 'pending',
      steps: [],
    };
    const gone = new Set(outdated(this.#records, current, this.#kept));
    this.#records = [...this.#records.filter((one) => !gone.has(one)), record];
    return Promise.resolve(record);
  }
  step(revision: number, step: string): Promise<RevisionRecord> {
    return this.#change(revision, (record) => ({ ...record, steps: [...record.steps, step] }));
  }
  commit(revision: number, report?: unknown): Promise<RevisionRecord> {
    return this.#change(revision, (record) => ({
      ...record,
      status: 'committed',
      endedAt: Date.now(),
      report,
    }));
  }
  undo(revision: number, reason: string, report?: unknown): Promise<RevisionRecord> {
    return this.#change(revision, (record) => ({
      ...record,
      status: 'undone',
      endedAt: Date.now(),
      reason,
      report,
    }));
  }
  fail(revision: number, reason: string): Promise<RevisionRecord> {
    return this.#change(revision, (record) => ({ ...record, status: 'failed', endedAt: Date.now(), reason }));
  }
  async noteEnd(revision: number, name: string): Promise<void> {
    await this.#change(revision, (record) => withEnd(record, name));
  }
  current(): RevisionRecord | undefined {
    return this.#records.findLast(({ status }) => status === 'committed');
  }
  get(revision: number): RevisionRecord | undefined {
    return this.#records.find((record) => record.revision === revision);
  }
  list(): RevisionRecord[] {
    return [...this.#records];
  }
  /** Only a revision that another process left can be pending when nothing has begun yet. */
  async recover(): Promise<RevisionRecord[]> {
    const pending = this.#records.filter(({ status }) => status === 'pending');
    return Promise.all(pending.map(({ revision }) => this.undo(revision, 'the engine was killed')));
  }

  #change(revision: number, change: (record: RevisionRecord) => RevisionRecord): Promise<RevisionRecord> {
    const at = this.#records.findIndex((record) => record.revision === revision);
    if (at < 0) throw new HotclickError('HC_INTERNAL', `the journal has no revision ${revision}`);
    this.#records[at] = change(this.#records[at]!);
    return Promise.resolve(this.#records[at]);
  }
}
