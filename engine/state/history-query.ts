/** What `hotclick state history` and `hotclick state diff` answer: revisions, and what changed between two. */
import { HotclickError } from '../errors.ts';
import { countRecords, decodeRecord, decodeStatic, type FieldValues, rawRecords } from './decode.ts';
import type { FieldValue } from './field-codec.ts';
import type { RevisionRecord } from './journal.ts';
import type { StateLayout } from './state-page.ts';
import type { StateStore } from './store.ts';
import { staticPage, type ValueEntry, type ValueReader } from './value-table.ts';

export interface RevisionSummary {
  readonly revision: number;
  /** From the journal, where it has the revision. */
  readonly parent?: number | null;
  readonly kind?: RevisionRecord['kind'];
  readonly status?: RevisionRecord['status'];
  readonly createdAt?: number;
  readonly author?: string;
  readonly reason?: string;
  /** From the state, where it is still kept: Unix ms of the first and last write, and counts as it ended. */
  readonly firstWrite?: number;
  readonly lastWrite?: number;
  readonly records?: number;
  readonly bytes?: number;
}

export interface FieldChange {
  readonly before: FieldValue;
  readonly after: FieldValue;
}

export interface RecordChange {
  readonly element: string;
  readonly state: string;
  readonly shard: number;
  readonly change: 'added' | 'removed' | 'changed';
  /** Tables only. */
  readonly key?: FieldValues;
  /** The fields of the value that differ; a field that one version does not have is null there. */
  readonly fields: Readonly<Record<string, FieldChange>>;
}

export interface StateDiff {
  readonly from: number;
  readonly to: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** Cut at the limit; the counts are not. */
  readonly changes: readonly RecordChange[];
}

/** All revisions of journal and state, oldest first. */
export function listRevisions(store: StateStore, journal: readonly RevisionRecord[] = []): RevisionSummary[] {
  const kept = store.revisions();
  const counts = countByRevision(
    store,
    kept.map(({ revision }) => revision),
  );
  const summaries = new Map<number, RevisionSummary>();
  for (const { revision, parent, kind, status, createdAt, author, reason } of journal) {
    const told = { ...(author === undefined ? {} : { author }), ...(reason === undefined ? {} : { reason }) };
    summaries.set(revision, { revision, parent, kind, status, createdAt, ...told });
  }
  for (const { revision, firstWrite, lastWrite } of kept) {
    const { records, bytes } = counts.get(revision) ?? { records: 0, bytes: 0 };
    summaries.set(revision, { revision, ...summaries.get(revision), firstWrite, lastWrite, records, bytes });
  }
  return [...summaries.values()].sort((a, b) => a.revision - b.revision);
}

/** What changed between the states as two revisions ended. Errors: HC_STORE for a revision that is not kept. */
export function diffRevisions(
  store: StateStore,
  from: number,
  to: number,
  limit = Number.POSITIVE_INFINITY,
): StateDiff {
  store.refuseUnknownRevision(from);
  store.refuseUnknownRevision(to);
  const changes: RecordChange[] = [];
  const counts = { added: 0, removed: 0, changed: 0 };
  const reader = store.reader();
  try {
    for (const { id, element, state } of store.catalog.states()) {
      const before = new Map<string, Row>();
      const after = new Map<string, Row>();
      for (const versions of reader.pages({ stateId: id })) {
        const [old, now] = [newestOf(versions, from), newestOf(versions, to)];
        if (old === now) continue;
        if (old !== undefined) collectRows(store, reader, old, before);
        if (now !== undefined) collectRows(store, reader, now, after);
      }
      for (const change of compareRows(element, state, before, after)) {
        counts[change.change]++;
        if (changes.length < limit) changes.push(change);
      }
    }
  } finally {
    reader.close();
  }
  return { from, to, ...counts, changes };
}

interface Row {
  readonly shard: number;
  readonly key?: FieldValues;
  readonly value: FieldValues;
}

function newestOf(versions: readonly ValueEntry[], revision: number): ValueEntry | undefined {
  return versions.findLast((version) => version.revision <= revision);
}

/** The records of a page by the bytes of their key; a static value by its shard. */
function collectRows(
  store: StateStore,
  reader: ValueReader,
  entry: ValueEntry,
  rows: Map<string, Row>,
): void {
  const { layoutId, data } = reader.read(entry);
  const { shard, page } = entry;
  const layout: StateLayout = store.catalog.layout(layoutId);
  if (data.length === 0) return;
  if (page === staticPage) {
    rows.set(`${shard}`, { shard, value: decodeStatic(layout, data) });
    return;
  }
  const keySize = layout.keySchema?.size ?? layout.valueOffset;
  for (const record of rawRecords(layout, page, data)) {
    const { key, value } = decodeRecord(layout, record);
    const start = data.byteOffset + record.at;
    const name = Buffer.from(data.buffer, start, keySize).toString('latin1');
    rows.set(name, { shard, key, value });
  }
}

function* compareRows(
  element: string,
  state: string,
  before: ReadonlyMap<string, Row>,
  after: ReadonlyMap<string, Row>,
): Generator<RecordChange> {
  for (const [name, old] of before) {
    const now = after.get(name);
    const fields = compareFields(old.value, now?.value ?? {});
    const row = now ?? old;
    if (now === undefined) yield { element, state, ...rowName(row), change: 'removed', fields };
    else if (Object.keys(fields).length > 0)
      yield { element, state, ...rowName(row), change: 'changed', fields };
  }
  for (const [name, now] of after) {
    if (before.has(name)) continue;
    yield { element, state, ...rowName(now), change: 'added', fields: compareFields({}, now.value) };
  }
}

function rowName({ shard, key }: Row): { shard: number; key?: FieldValues } {
  return key === undefined ? { shard } : { shard, key };
}

function compareFields(before: FieldValues, after: FieldValues): Record<string, FieldChange> {
  const changes: Record<string, FieldChange> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const change: FieldChange = { before: before[name] ?? null, after: after[name] ?? null };
    if (change.before !== change.after) changes[name] = change;
  }
  return changes;
}

/** Records and bytes of every kept revision as it ended, in one pass over the versions of each page. */
function countByRevision(store: StateStore, revisions: readonly number[]) {
  const counts = new Map(revisions.map((revision) => [revision, { records: 0, bytes: 0 }]));
  const reader = store.reader();
  try {
    for (const versions of reader.pages()) {
      const sizes = versions.map((version) => {
        const { data } = reader.read(version);
        const records = version.page === staticPage ? Math.min(data.length, 1) : countRecords(data);
        return { revision: version.revision, records, bytes: records === 0 ? 0 : data.length };
      });
      for (const [revision, count] of counts) {
        const size = sizes.findLast((version) => version.revision <= revision);
        count.records += size?.records ?? 0;
        count.bytes += size?.bytes ?? 0;
      }
    }
  } finally {
    reader.close();
  }
  return counts;
}

/** A revision number as a user typed it. */
export function parseRevision(text: string): number {
  if (!/^\d+$/.test(text)) throw new HotclickError('HC_ARGUMENT', `'${text}' is not a revision number`);
  return Number(text);
}
