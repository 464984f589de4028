/** Prints what was measured: a line of JSON for each combination, or progress and a table with targets and verdicts. */
import { renderTable } from '../../engine/cli/table.ts';
import { machine } from '../machine.ts';
import { explain } from './attribution.ts';
import { type Figures, figuresOf, type Measurement } from './measurement.ts';
import { missedTargets, targetText } from './targets.ts';

interface Row {
  readonly measurement: Measurement;
  readonly figures: Figures;
}

export class UpgradeReport {
  readonly #json: boolean;
  readonly #rows: Row[] = [];
  readonly #begin = performance.now();

  constructor(json: boolean) {
    this.#json = json;
  }

  /** Progress; silent when the output is JSON. */
  say(text: string): void {
    if (this.#json) return;
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(1).padStart(6);
    print(`${seconds}s  ${text}`);
  }

  add(measurement: Measurement): void {
    const figures = figuresOf(measurement);
    this.#rows.push({ measurement, figures });
    if (this.#json) print(JSON.stringify(jsonOf(measurement, figures)));
  }

  end(): void {
    if (this.#json) return;
    const { cpu, cores, kernel, node } = machine;
    print(`\n${cpu}, ${cores} CPUs, Linux ${kernel}, Node ${node}\n`);
    print(
      renderTable<Row>(this.#rows, [
        { head: 'strategy', cell: ({ measurement }) => measurement.combination.strategy },
        { head: 'packets/s', align: 'right', cell: ({ measurement }) => measurement.combination.rate },
        { head: 'records', align: 'right', cell: ({ measurement }) => measurement.combination.records },
        { head: 'shards', align: 'right', cell: ({ measurement }) => measurement.combination.shards },
        { head: 'runs', align: 'right', cell: ({ figures }) => figures.runs },
        {
          head: 'lost/dup./reord.',
          align: 'right',
          cell: ({ figures }) => `${figures.lost}/${figures.duplicated}/${figures.reordered}`,
        },
        { head: 'gap max µs', align: 'right', cell: ({ figures }) => Math.round(figures.gapUs.max) },
        { head: 'baseline µs', align: 'right', cell: ({ figures }) => Math.round(figures.gapUs.baselineMax) },
        {
          head: 'break p50/p99/max µs',
          align: 'right',
          cell: ({ figures: { breakUs } }) =>
            [breakUs.p50, breakUs.p99, breakUs.max].map((us) => us.toFixed(1)).join('/'),
        },
        { head: 'target', cell: ({ measurement }) => targetText(measurement.combination.strategy) },
        { head: 'verdict', cell: (row) => verdict(row) },
      ]),
    );
    for (const row of this.#rows) for (const remark of remarks(row)) print(remark);
  }
}

function verdict({ measurement, figures }: Row): string {
  const missed = missedTargets(measurement.combination.strategy, figures);
  return missed.length === 0 ? 'met' : `MISSED: ${missed.join(', ')}`;
}

/** What a reader must know about a row. */
function remarks({ measurement, figures }: Row): string[] {
  const { strategy, rate, records } = measurement.combination;
  const { baseline, gapUs, repeated, notSent } = figures;
  const about = `${strategy}, ${rate} packets/s, ${records} records: `;
  const lines: string[] = [];
  if (figures.lost > 0) lines.push(`lost packets by whom: ${explain(figures.lostBy)}`);
  if (baseline.lost > 0) {
    lines.push(
      `${baseline.lost} packets were lost without an upgrade too (sink ${baseline.sinkDrops}): the rate is not free of loss here`,
    );
  }
  if (baseline.reordered > 0)
    lines.push(`${baseline.reordered} packets came out of order without an upgrade too`);
  if (repeated > 0) lines.push(`${repeated} runs were done again since the sink had no room`);
  if (notSent > 0) lines.push(`the generator left out ${notSent} packets; they are no loss`);
  if (gapUs.max > gapUs.baselineMax && gapUs.sentAtMax > gapUs.max / 2) {
    lines.push(
      `of the largest gap, ${Math.round(Math.min(gapUs.sentAtMax, gapUs.max))} µs were the generator's`,
    );
  }
  if (measurement.load > machine.cores) {
    lines.push(`${measurement.load.toFixed(1)} processes wanted to run on ${machine.cores} CPUs`);
  }
  return lines.map((line) => about + line);
}

/** The line that other programs read. */
export function jsonOf(measurement: Measurement, figures: Figures): Record<string, unknown> {
  const { strategy, rate, records, shards } = measurement.combination;
  return {
    strategy,
    rate_pps: rate,
    records,
    shards,
    runs: figures.runs,
    lost: figures.lost,
    duplicated: figures.duplicated,
    reordered: figures.reordered,
    gap_us: {
      max: figures.gapUs.max,
      baseline_max: figures.gapUs.baselineMax,
      sent_at_max: figures.gapUs.sentAtMax,
    },
    break_us: roundAll(figures.breakUs),
    records_lost: figures.recordsLost,
    connections_lost: figures.connectionsLost,
    break_us_by_shard: figures.breakByShard.map(roundAll),
    lost_by: figures.lostBy,
    runs_repeated: figures.repeated,
    not_sent: figures.notSent,
    baseline: {
      ms: Math.round(figures.baseline.ms),
      lost: figures.baseline.lost,
      duplicated: figures.baseline.duplicated,
      reordered: figures.baseline.reordered,
      sink_drops: figures.baseline.sinkDrops,
    },
    samples: { break_us: figures.breakSamples.map(round), gap_us: figures.gapSamples },
    machine: { ...machine, load: round(measurement.load) },
  };
}

function roundAll(figures: { readonly p50: number; readonly p99: number; readonly max: number }) {
  return { p50: round(figures.p50), p99: round(figures.p99), max: round(figures.max) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
