/** States, their records and their changes as tables. Answers come from a store here or in another process. */

import type { RecordChange, RevisionSummary, StateDiff } from '../state/history-query.ts';
import type { StateRow, StateSummary, TableContents } from '../state/query.ts';
import type { Cell } from './table.ts';
import { renderTable } from './table.ts';
import { bytes, countOf } from './units.ts';

export function renderStates(states: readonly StateSummary[]): string {
  if (states.length === 0) return 'no state is stored';
  return renderTable(states, [
    { head: 'state', cell: ({ element, state }) => `${element}/${state}` },
    { head: 'kind', cell: ({ kind }) => kind },
    { head: 'class', cell: ({ className, classVersion }) => `${className} ${classVersion}` },
    { head: 'schema', align: 'right', cell: ({ schema }) => schema.version },
    { head: 'shards', cell: ({ shards }) => shards.join(',') },
    { head: 'records', align: 'right', cell: ({ records }) => records },
    { head: 'size', align: 'right', cell: (state) => bytes(state.bytes) },
    { head: 'older pages', align: 'right', cell: ({ olderPages }) => olderPages },
  ]);
}

export function renderRows({ kind, rows, matched }: TableContents): string {
  if (rows.length === 0) return 'no record matches';
  const keys = fieldNames(rows.map(({ key }) => key));
  const values = fieldNames(rows.map(({ value }) => value));
  const table = renderTable<StateRow>(rows, [
    { head: 'shard', align: 'right', cell: ({ shard }) => shard },
    ...(rows.some(({ version }) => version !== undefined)
      ? [{ head: 'version', cell: ({ version }: StateRow): Cell => version }]
      : []),
    ...keys.map((name) => ({ head: name, cell: ({ key }: StateRow): Cell => key?.[name] })),
    ...values.map((name) => ({ head: name, cell: ({ value }: StateRow): Cell => value[name] })),
    ...(kind === 'table' ? [{ head: 'expires', cell: ({ expires }: StateRow) => showTime(expires) }] : []),
  ]);
  return rows.length < matched
    ? `${table}\n${rows.length} of ${countOf(matched, 'record')}; see --limit`
    : table;
}

export function renderStateRevisions(revisions: readonly RevisionSummary[]): string {
  return renderTable(revisions, [
    { head: 'revision', align: 'right', cell: ({ revision }) => revision },
    { head: 'parent', align: 'right', cell: ({ parent }) => parent },
    { head: 'kind', cell: ({ kind }) => kind },
    { head: 'status', cell: ({ status }) => status },
    { head: 'created', cell: ({ createdAt }) => showTime(createdAt) },
    { head: 'last write', cell: ({ lastWrite }) => showTime(lastWrite) },
    { head: 'records', align: 'right', cell: ({ records }) => records },
    {
      head: 'size',
      align: 'right',
      cell: (revision) => (revision.bytes === undefined ? '' : bytes(revision.bytes)),
    },
    { head: 'reason', cell: ({ reason }) => reason },
  ]);
}

export function renderDiff({ from, to, added, removed, changed, changes }: StateDiff): string {
  const headline = `revision ${from} → ${to}: ${added} added, ${removed} removed, ${changed} changed`;
  if (changes.length === 0) return headline;
  const table = renderTable<RecordChange>(changes, [
    { head: '', cell: ({ change }) => marks[change] },
    { head: 'state', cell: ({ element, state }) => `${element}/${state}` },
    { head: 'shard', align: 'right', cell: ({ shard }) => shard },
    { head: 'key', cell: ({ key }) => showFields(key ?? {}) },
    { head: 'fields', cell: showChange },
  ]);
  const cut = added + removed + changed - changes.length;
  return [headline, table, ...(cut > 0 ? [`${countOf(cut, 'change')} more not shown`] : [])].join('\n');
}

const marks = { added: '+', removed: '-', changed: '~' } as const;

function showChange({ change, fields }: RecordChange): string {
  return Object.entries(fields)
    .map(([name, { before, after }]) => {
      if (change === 'added') return `${name}=${after}`;
      return change === 'removed' ? `${name}=${before}` : `${name}: ${before} → ${after}`;
    })
    .join(' ');
}

function showFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function fieldNames(records: readonly (Readonly<Record<string, unknown>> | undefined)[]): string[] {
  return [...new Set(records.flatMap((fields) => Object.keys(fields ?? {})))];
}

/** A Date, Unix milliseconds, or the text that JSON made of a Date. */
function showTime(time: Date | number | string | null | undefined): string {
  if (time === null || time === undefined) return '';
  return typeof time === 'string' ? time : new Date(time).toISOString();
}
