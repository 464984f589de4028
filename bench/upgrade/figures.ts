/** The figures that are made of a measurement. */
import type { SinkInterval } from '../lab/udp-sink.ts';
import { type Attribution, attribute } from './attribution.ts';
import { baselineInterval, intervalAfter, type Measurement } from './measurement.ts';
import { type Percentiles, percentilesOf } from './percentile.ts';

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
  /** NaN when the system does not know. */
  readonly breakUs: Percentiles;
  readonly breakByShard: readonly Percentiles[];
  readonly breakSamples: readonly number[];
  /** ms each upgrade took in all. */
  readonly totalSamples: readonly number[];
  /** For each run, the packets it lost at the rate of the stream: how long nothing passed. */
  readonly blockedUs: Percentiles;
  readonly blockedSamples: readonly number[];
  readonly recordsLost: number;
  readonly recordsChanged: number;
  readonly connectionsLost: number;
  /** Packets the generator left out or could not send; they have no number and are no loss. */
  readonly notSent: number;
}

export function figuresOf(measurement: Measurement): Figures {
  const { stream, connections, records, begunAgain, heldRate } = measurement;
  const runs = measurement.runs.filter(({ repeated }) => !repeated);
  const named = new Map(stream.intervals.map((interval) => [interval.name, interval]));
  const intervals = runs.flatMap(({ interval }) => named.get(interval) ?? []);
  // A packet is found missing when the next one of its flow arrives: that may be after the mark.
  const counted = runs.flatMap(({ interval }) =>
    [interval, intervalAfter(interval)].flatMap((name) => named.get(name) ?? []),
  );
  const lostByRun = runs.map(({ interval, counted: drops }) => {
    const both = [interval, intervalAfter(interval)].flatMap((name) => named.get(name) ?? []);
    return attribute(sum(both, 'missing'), sum(both, 'socketDrops'), drops);
  });
  const blockedSamples = lostByRun.map((attribution) => (lostOnTheWay(attribution) / heldRate) * 1e6);
  const lostBy = addUp(lostByRun);
  const baseline = named.get(baselineInterval);
  const widest = intervals.reduce<SinkInterval | undefined>(
    (most, one) => (most === undefined || one.gapUs > most.gapUs ? one : most),
    undefined,
  );
  const breakSamples = runs.flatMap(({ breaksUs }) => breaksUs);
  return {
    runs: runs.length,
    repeated: measurement.runs.length - runs.length,
    lost: lostOnTheWay(lostBy),
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
    totalSamples: runs.map(({ totalMs }) => totalMs),
    blockedUs: percentilesOf(blockedSamples),
    blockedSamples,
    recordsLost: (records?.lost ?? 0) + begunAgain,
    recordsChanged: records?.changed ?? 0,
    connectionsLost: connections.all - connections.complete,
    notSent: stream.generator.skipped + stream.generator.errors,
  };
}

function sum(
  intervals: readonly SinkInterval[],
  field: 'missing' | 'duplicated' | 'reordered' | 'socketDrops',
): number {
  return intervals.reduce((total, interval) => total + interval[field], 0);
}

/** What the sink itself had no room for is left out. */
function lostOnTheWay({ elements, rings, devices, unexplained }: Attribution): number {
  const byElements = Object.values(elements).reduce((total, count) => total + count, 0);
  return byElements + rings + devices + unexplained;
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
