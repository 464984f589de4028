/** An upgrade as text: what was done to which element, and how long each shard stood still. */

import type {
  BreakPrediction,
  PlannedAction,
  StaticsReport,
  UpgradeReport,
  VerifyReport,
} from '../engine-types.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';
import { bytes, countOf, microseconds, milliseconds } from './units.ts';

const actionColumns: readonly Column<PlannedAction>[] = [
  { head: 'action', cell: ({ kind }) => kind },
  {
    head: 'element',
    cell: ({ element, from = element }) => (from === element ? element : `${element} (was ${from})`),
  },
  { head: 'class', cell: ({ className }) => className },
  {
    head: 'version',
    cell: ({ versions }) => (versions === undefined ? '' : `${versions.from} → ${versions.to}`),
  },
  { head: 'because of', cell: ({ reasons }) => reasons.join(', ') },
  {
    head: 'state',
    cell: ({ states }) => states.map(stateText).join('; '),
  },
];

interface BreakRow {
  readonly shard: number;
  readonly measured?: number;
  readonly predicted?: number;
  readonly limit?: number;
}

/** Predicted beside measured; a plan has measured nothing yet. */
function breakRows({ breaks, prediction }: UpgradeReport): BreakRow[] {
  const predicted = new Map(prediction?.shards.map((one) => [one.shard, one]));
  const measured = new Map(breaks.map(({ shard, breakNs }) => [shard, breakNs]));
  return [...new Set([...measured.keys(), ...predicted.keys()])].map((shard) => ({
    shard,
    ...optional('measured', measured.get(shard)),
    ...optional('predicted', predicted.get(shard)?.breakNs),
    ...optional('limit', predicted.get(shard)?.limitNs),
  }));
}

function optional<K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, number>);
}

function breakColumns({ breaks, prediction }: UpgradeReport): Column<BreakRow>[] {
  const inMicroseconds = (ns: number | undefined) => (ns === undefined ? '' : microseconds(ns));
  const measured: Column<BreakRow> = {
    head: 'break µs',
    align: 'right',
    cell: (row) => inMicroseconds(row.measured),
  };
  const predicted: Column<BreakRow>[] = [
    { head: 'predicted µs', align: 'right', cell: (row) => inMicroseconds(row.predicted) },
    { head: '9 of 10 below µs', align: 'right', cell: ({ limit }) => inMicroseconds(limit) },
  ];
  return [
    { head: 'shard', align: 'right', cell: ({ shard }) => shard },
    ...(breaks.length > 0 ? [measured] : []),
    ...(prediction ? predicted : []),
  ];
}

function predictionLine({ basis, upgrades }: BreakPrediction): string {
  return basis === 'history'
    ? `predicted from ${countOf(upgrades, 'earlier upgrade')} by this strategy on this machine`
    : 'predicted without a history: no upgrade by this strategy has been measured on this machine yet';
}

function stateText({ name, how, bytes: size, records }: PlannedAction['states'][number]): string {
  const parts = [`${name}: ${how}`, bytes(size)];
  if (records !== undefined) parts.push(countOf(records, 'record'));
  return parts.join(', ');
}

/** How states get from one layout to the other, and how they would come back. */
function conversionLines(actions: readonly PlannedAction[]): string[] {
  return actions.flatMap(({ element, states }) =>
    states.flatMap(({ name, conversion }) => {
      if (!conversion) return [];
      const { from, to, converter, back, lostByRollback } = conversion;
      const lost = lostByRollback.length > 0 ? ` and loses ${lostByRollback.join(', ')}` : '';
      return `${element}/${name}: schema ${from} → ${to} by ${converter}; a rollback goes by ${back}${lost}`;
    }),
  );
}

export function renderUpgrade(report: UpgradeReport): string {
  const changes = report.actions.filter(({ kind, reasons }) => kind !== 'keep' || reasons.length > 0);
  const untouched = report.actions.length - changes.length;
  const parts = [headline(report)];
  if (changes.length > 0) parts.push(renderTable(changes, actionColumns));
  const conversions = conversionLines(changes);
  if (conversions.length > 0) parts.push(conversions.join('\n'));
  if (untouched > 0) parts.push(`${countOf(untouched, 'element')} untouched`);
  for (const statics of report.statics ?? []) parts.push(staticsLine(statics));
  if (report.verify) parts.push(...verifyLines(report.verify));
  const breaks = breakRows(report);
  if (breaks.length > 0) parts.push(renderTable(breaks, breakColumns(report)));
  if (report.prediction) parts.push(predictionLine(report.prediction));
  const timings = Object.entries(report.timings).map(([step, value]) => `${step} ${milliseconds(value)}`);
  if (timings.length > 0) parts.push(`outside the gap: ${timings.join(', ')}`);
  return parts.join('\n\n');
}

/** In every shard the same. */
function staticsLine(report: StaticsReport): string {
  const { className, mode, how, variables, bytes: size, created, lost, readNs, matchNs } = report;
  const parts = [
    `statics of ${className} (${mode}): ${countOf(variables, 'variable')}, ${bytes(size)} ${how}`,
    `found in ${microseconds(readNs)} µs and paired in ${microseconds(matchNs)} µs outside the gap`,
    ...(created.length > 0 ? [`new: ${created.join(', ')}`] : []),
    ...(lost.length > 0 ? [`lost: ${lost.join(', ')}`] : []),
  ];
  return parts.join('; ');
}

function verifyLines({ vectors, warnings }: VerifyReport): string[] {
  const tried = vectors.map(({ className, version, passed, file }) =>
    file === undefined
      ? `verified: ${className} ${version} has no test vectors`
      : `verified: ${className} ${version} passed ${countOf(passed, 'test vector')} (${file})`,
  );
  return [...tried, ...warnings.map((warning) => `warning: ${warning}`)];
}

function headline({ dryRun, revision, parent, strategy, successor }: UpgradeReport): string {
  if (dryRun) return `plan by strategy ${strategy}; nothing was changed, revision ${parent} runs`;
  const runs = `revision ${revision} runs, after revision ${parent}, by strategy ${strategy}`;
  return successor === undefined
    ? runs
    : `${runs}, in process ${successor.pid} (hotclick ${successor.hotclick}, Node ${successor.node})`;
}
