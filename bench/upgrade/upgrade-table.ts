/** The rows as a person reads them: a table with targets and verdicts, and what must be known about a row. */
import { renderTable } from '../../engine/cli/table.ts';
import { explain } from './attribution.ts';
import type { UpgradeRow } from './row.ts';

type Spread = UpgradeRow['break_us'];

export function renderRows(rows: readonly UpgradeRow[]): string {
  const table = renderTable<UpgradeRow>(rows, [
    { head: 'strategy', cell: ({ strategy }) => strategy },
    { head: 'packets/s', align: 'right', cell: ({ held_pps }) => held_pps },
    { head: 'records', align: 'right', cell: ({ records }) => records },
    { head: 'shards', align: 'right', cell: ({ shards }) => shards },
    { head: 'runs', align: 'right', cell: ({ runs }) => runs },
    {
      head: 'lost/dup./reord.',
      align: 'right',
      cell: ({ lost, duplicated, reordered }) => `${lost}/${duplicated}/${reordered}`,
    },
    { head: 'blocked p50/max ms', align: 'right', cell: ({ blocked_us }) => milliseconds(blocked_us) },
    { head: 'gap max ms', align: 'right', cell: ({ gap_us }) => (gap_us.max / 1000).toFixed(1) },
    { head: 'baseline ms', align: 'right', cell: ({ gap_us }) => (gap_us.baseline_max / 1000).toFixed(1) },
    { head: 'break p50/p99/max µs', align: 'right', cell: ({ break_us }) => microseconds(break_us) },
    { head: 'memory MB', align: 'right', cell: ({ memory_bytes }) => megabytes(memory_bytes?.needed) },
    {
      head: 'records lost, changed',
      align: 'right',
      cell: ({ records_lost, records_changed }) => `${records_lost}, ${records_changed}`,
    },
    { head: 'connections lost', align: 'right', cell: ({ connections_lost }) => connections_lost },
    { head: 'target', cell: ({ target }) => target ?? '' },
    { head: 'verdict', cell: verdict },
  ]);
  return [table, ...rows.flatMap(remarks)].join('\n');
}

function verdict({ target, missed }: UpgradeRow): string {
  if (target === null) return '';
  return missed.length === 0 ? 'met' : `MISSED: ${missed.join(', ')}`;
}

function remarks(row: UpgradeRow): string[] {
  const { strategy, rate_pps, held_pps, records, shards, baseline, gap_us } = row;
  const about = `${strategy}, ${rate_pps} packets/s, ${records} records, ${shards} shards: `;
  const lines: string[] = [];
  if (held_pps < rate_pps) lines.push(`loses packets without a change; measured at ${held_pps} packets/s`);
  if (row.lost > 0) lines.push(`lost packets by whom: ${explain(row.lost_by)}`);
  if (baseline.lost > 0) {
    lines.push(`${baseline.lost} packets were lost without an upgrade too (sink ${baseline.sink_drops})`);
  }
  if (baseline.reordered > 0) {
    lines.push(`${baseline.reordered} packets came out of order without an upgrade too`);
  }
  if (row.runs_repeated > 0)
    lines.push(`${row.runs_repeated} runs were done again since the sink had no room`);
  if (row.not_sent > 0) lines.push(`the generator left out ${row.not_sent} packets; they are no loss`);
  if (row.lost === 0 && gap_us.max > gap_us.baseline_max && gap_us.sent_at_max > gap_us.max / 2) {
    lines.push(
      `of the largest gap, ${Math.round(Math.min(gap_us.sent_at_max, gap_us.max))} µs were the generator's`,
    );
  }
  if (row.machine.load > row.machine.cores) {
    lines.push(`${row.machine.load.toFixed(1)} processes wanted to run on ${row.machine.cores} CPUs`);
  }
  return lines.map((line) => about + line);
}

function microseconds(spread: Spread): string {
  return spread ? [spread.p50, spread.p99, spread.max].map((us) => us.toFixed(1)).join('/') : '';
}

function milliseconds(spread: Spread): string {
  return spread
    ? [spread.p50, spread.max].map((us) => (us / 1000).toFixed(us < 10_000 ? 1 : 0)).join('/')
    : '';
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}
