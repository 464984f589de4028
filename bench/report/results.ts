/** The lines of result files, told apart. */
import type { ResultLine } from '../upgrade/result-file.ts';
import type { UpgradeRow } from '../upgrade/row.ts';

export type ElementsLine = UpgradeRow & { readonly experiment: 'elements'; readonly replaced: number };

export interface TimelineLine {
  readonly experiment: 'timeline';
  readonly strategy: string;
  readonly rate_pps: number;
  readonly lost: number;
  readonly asked_us: number;
  readonly done_us: number;
  readonly steps: readonly { readonly step: string; readonly detail: string; readonly at_us: number }[];
  readonly breaks: readonly { readonly shard: number; readonly begin_us: number; readonly us: number }[];
  /** Arrival, delay, shard. */
  readonly packets: readonly (readonly [number, number, number])[];
  readonly arrivals_per_ms: { readonly from_us: number; readonly counts: readonly number[] };
}

export interface Results {
  readonly rows: readonly UpgradeRow[];
  readonly elements: readonly ElementsLine[];
  readonly timelines: readonly TimelineLine[];
  /** Of other experiments, as they are. */
  readonly others: readonly ResultLine[];
}

export function sortResults(lines: readonly ResultLine[]): Results {
  const of = (name: string | undefined) => lines.filter(({ experiment }) => experiment === name);
  return {
    rows: of(undefined) as unknown as UpgradeRow[],
    elements: of('elements') as unknown as ElementsLine[],
    timelines: of('timeline') as unknown as TimelineLine[],
    others: lines.filter(
      ({ experiment }) => experiment !== undefined && experiment !== 'elements' && experiment !== 'timeline',
    ),
  };
}
