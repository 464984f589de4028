/** An upgrade as text: what was done to which element, and how long each shard stood still. */

import type { PlannedAction, StaticsReport, UpgradeReport, VerifyReport } from '../engine-types.ts';
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
    cell: ({ states }) =>
      states.map(({ name, how, bytes: size }) => `${name}: ${how}, ${bytes(size)}`).join('; '),
  },
];

export function renderUpgrade(report: UpgradeReport): string {
  const changes = report.actions.filter(({ kind, reasons }) => kind !== 'keep' || reasons.length > 0);
  const untouched = report.actions.length - changes.length;
  const parts = [headline(report)];
  if (changes.length > 0) parts.push(renderTable(changes, actionColumns));
  if (untouched > 0) parts.push(`${countOf(untouched, 'element')} untouched`);
  for (const statics of report.statics ?? []) parts.push(staticsLine(statics));
  if (report.verify) parts.push(...verifyLines(report.verify));
  if (report.breaks.length > 0) {
    parts.push(
      renderTable(report.breaks, [
        { head: 'shard', align: 'right', cell: ({ shard }) => shard },
        { head: 'break µs', align: 'right', cell: ({ breakNs }) => microseconds(breakNs) },
      ]),
    );
  }
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
