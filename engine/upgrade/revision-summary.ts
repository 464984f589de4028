/** What the journal says about revisions, for people and for a rollback. */
import type { RevisionSummary } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { RevisionRecord } from '../state/journal.ts';
import type { Journal } from './memory-journal.ts';
import type { RevisionReport } from './transaction.ts';

/** `records`: those that elements and older versions have now, for the revision that runs. */
export function summarise(
  record: RevisionRecord,
  current: number | undefined,
  records: ReadonlyMap<string, number>,
): RevisionSummary {
  return {
    revision: record.revision,
    parent: record.parent ?? 0,
    createdAt: new Date(record.createdAt).toISOString(),
    kind: record.kind,
    status: record.status,
    strategy: record.strategy,
    current: record.revision === current,
    versions: Object.fromEntries(
      Object.entries(record.libraries).map(([name, { version }]) => [name, version]),
    ),
    breaks: reportOf(record)?.breaks ?? [],
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    older: (record.older ?? []).map(({ name, element, className, version, moves, endedAt }) => ({
      name,
      element,
      className,
      version,
      moves,
      ...(record.revision === current && records.has(name) ? { records: records.get(name)! } : {}),
      ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    })),
  };
}

/** The revision that a rollback brings back: `wanted`, or the one before `running`. @throws HotclickError HC_ARGUMENT */
export function rollbackTarget(
  journal: Journal,
  running: number,
  wanted: number | undefined,
): RevisionRecord {
  const record = journal.get(running);
  // After a rollback to R, the revision before is the one before R.
  const restored = record && reportOf(record)?.restores;
  const from = restored === undefined ? record : journal.get(restored);
  const number = wanted ?? from?.parent;
  const target = number === null || number === undefined ? undefined : journal.get(number);
  if (target?.status === 'committed') return target;
  throw new HotclickError(
    'HC_ARGUMENT',
    wanted === undefined
      ? 'there is no revision before this one'
      : `there is no committed revision ${wanted}`,
    { hint: 'list them with `hotclick history`' },
  );
}

function reportOf({ report }: RevisionRecord): RevisionReport | undefined {
  return report as RevisionReport | undefined;
}
