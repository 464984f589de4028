import Table from 'cli-table3';

/** What one step showed. */
export interface StepRow {
  readonly step: string;
  /** Whether the step must not lose anything. */
  readonly counts: boolean;
  readonly clean: boolean;
  /** µs in which each shard handled no packet; none when nothing was installed. */
  readonly breaksUs: readonly number[];
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Largest time between two arrivals, µs, and the same before anything was done. */
  readonly gapUs: number;
  readonly baselineGapUs: number;
  readonly downloadsAlive: number;
  readonly downloads: number;
  readonly recordsBefore: number;
  readonly recordsAfter: number;
}

export function resultTable(rows: readonly StepRow[]): string {
  const table = new Table({
    head: [
      'step',
      'break of each shard µs',
      'lost',
      'dup.',
      'reord.',
      'largest gap µs',
      'baseline µs',
      'downloads',
      'records before → after',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const row of rows) {
    table.push([
      row.step,
      row.breaksUs.length === 0 ? '–' : row.breaksUs.map((us) => us.toFixed(1)).join(' / '),
      String(row.lost),
      String(row.duplicated),
      String(row.reordered),
      Math.round(row.gapUs).toString(),
      Math.round(row.baselineGapUs).toString(),
      `${row.downloadsAlive}/${row.downloads}`,
      `${row.recordsBefore} → ${row.recordsAfter}`,
    ]);
  }
  return table.toString();
}
