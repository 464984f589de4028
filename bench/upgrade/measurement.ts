/** What one combination measured, and the figures that are made of it. */
import type { SinkInterval } from '../lab/udp-sink.ts';
import type { UdpStreamSummary } from '../lab/udp-stream.ts';
import { type Attribution, attribute, type DropCounters } from './attribution.ts';
import type { Combination } from './options.ts';
import { type Percentiles, percentilesOf } from './percentile.ts';

/** One upgrade. */
export interface UpgradeRun {
  /** Name of its interval of the stream. */
  readonly interval: string;
  /** µs in which each shard handled no packet. */
  readonly breaksUs: readonly number[];
  /** ms the whole transaction took. */
  readonly totalMs: number;
  /** Drops counted while it lasted. */
  readonly counted: DropCounters;
  /** The sink had no room, so the run says nothing about loss and was done again. */
  readonly repeated: boolean;
}

export interface Measurement {
  readonly combination: Combination;
  readonly runs: readonly UpgradeRun[];
  readonly stream: UdpStreamSummary;
  readonly connections: { readonly all: number; readonly complete: number; readonly corrupted: number };
  readonly recordsBefore: number;
  readonly recordsAfter: number;
  /** Connections that the firewall began during the upgrades although it had known them. */
  readonly begunAgain: number;
  /** Load of the machine (processes that want to run) in the minute before the end. */
  readonly load: number;
}

export interface Figures {
  /** Upgrades that count: those that were done again are left out. */
  readonly runs: number;
  readonly repeated: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Whom the lost packets are charged to. */
  readonly lostBy: Attribution;
  readonly baseline: {
    readonly lost: number;
    readonly duplicated: number;
    readonly reordered: number;
    readonly sinkDrops: number;
    readonly ms: number;
  };
  /** `sentAtMax`: how far apart the two packets were sent that arrived with the largest gap between them. */
  readonly gapUs: { readonly max: number; readonly sentAtMax: number; readonly baselineMax: number };
  readonly gapSamples: readonly number[];
  readonly breakUs: Percentiles;
  readonly breakByShard: readonly Percentiles[];
  readonly breakSamples: readonly number[];
  readonly recordsLost: number;
  readonly connectionsLost: number;
  /** Packets the generator left out or could not send; they have no number and are no loss. */
  readonly notSent: number;
}

export const baselineInterval = 'baseline';

/** Name of the short interval between a run and the next. */
export function intervalAfter(run: string): string {
  return `after ${run}`;
}

export function figuresOf(measurement: Measurement): Figures {
  const { stream, connections, recordsBefore, recordsAfter, begunAgain } = measurement;
  const runs = measurement.runs.filter(({ repeated }) => !repeated);
  const named = new Map(stream.intervals.map((interval) => [interval.name, interval]));
  const intervals = runs.flatMap(({ interval }) => named.get(interval) ?? []);
  // A packet is found missing when the next one of its flow arrives: that may be after the mark.
  const counted = runs.flatMap(({ interval }) =>
    [interval, intervalAfter(interval)].flatMap((name) => named.get(name) ?? []),
  );
  const lostBy = addUp(
    runs.map((run) => {
      const [during, after] = [named.get(run.interval), named.get(intervalAfter(run.interval))];
      const missing = (during?.missing ?? 0) + (after?.missing ?? 0);
      return attribute(missing, (during?.socketDrops ?? 0) + (after?.socketDrops ?? 0), run.counted);
    }),
  );
  const baseline = named.get(baselineInterval);
  const widest = intervals.reduce<SinkInterval | undefined>(
    (most, one) => (most === undefined || one.gapUs > most.gapUs ? one : most),
    undefined,
  );
  const breakSamples = runs.flatMap(({ breaksUs }) => breaksUs);
  return {
    runs: runs.length,
    repeated: measurement.runs.length - runs.length,
    lost: sum(counted, 'missing') - lostBy.sink,
    duplicated: sum(counted, 'duplicated'),
    reordered: sum(counted, 'reordered'),
    lostBy,
    baseline: {
      lost: baseline?.missing ?? 0,
      duplicated: baseline?.duplicated ?? 0,
      reordered: baseline?.reordered ?? 0,
      sinkDrops: baseline?.socketDrops ?? 0,
      ms: baseline === undefined ? 0 : (baseline.endNs - baseline.beginNs) / 1e6,
    },
    gapUs: {
      max: widest?.gapUs ?? 0,
      sentAtMax: widest?.gapSentUs ?? 0,
      baselineMax: baseline?.gapUs ?? 0,
    },
    gapSamples: intervals.map(({ gapUs }) => gapUs),
    breakUs: percentilesOf(breakSamples),
    breakByShard: Array.from({ length: measurement.combination.shards }, (_, shard) =>
      percentilesOf(runs.flatMap(({ breaksUs }) => breaksUs[shard] ?? [])),
    ),
    breakSamples,
    recordsLost: Math.max(0, recordsBefore - recordsAfter, begunAgain),
    connectionsLost: connections.all - connections.complete,
    notSent: stream.generator.skipped + stream.generator.errors,
  };
}

function sum(intervals: readonly SinkInterval[], field: 'missing' | 'duplicated' | 'reordered'): number {
  return intervals.reduce((total, interval) => total + interval[field], 0);
}

function addUp(all: readonly Attribution[]): Attribution {
  const elements: Record<string, number> = {};
  for (const one of all) {
    for (const [name, count] of Object.entries(one.elements)) elements[name] = (elements[name] ?? 0) + count;
  }
  const total = (field: 'sink' | 'rings' | 'devices' | 'unexplained') =>
    all.reduce((count, one) => count + one[field], 0);
  return {
    elements,
    sink: total('sink'),
    rings: total('rings'),
    devices: total('devices'),
    unexplained: total('unexplained'),
  };
}
