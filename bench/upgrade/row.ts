/** A row of the result as other programs read it: a line of JSON. */
import { machine } from '../machine.ts';
import type { Figures } from './figures.ts';
import type { Measurement } from './measurement.ts';
import { missedTargets, targetOf, targetText } from './targets.ts';

export type UpgradeRow = ReturnType<typeof rowOf>;

export function rowOf(measurement: Measurement, figures: Figures) {
  const { strategy, rate, records, shards } = measurement.combination;
  const { memory, heldRate, connections } = measurement;
  const target = targetOf(measurement.combination);
  return {
    strategy,
    rate_pps: rate,
    held_pps: heldRate,
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
    blocked_us: figuresOrNull(figures.blockedUs),
    break_us: figuresOrNull(figures.breakUs),
    break_us_by_shard: figures.breakByShard.map(figuresOrNull),
    records_lost: figures.recordsLost,
    records_changed: figures.recordsChanged,
    records_compared: measurement.records?.compared ?? 0,
    connections_lost: figures.connectionsLost,
    connections: connections.all,
    memory_bytes: memory ? { ...memory, needed: memory.peak - memory.before } : null,
    lost_by: figures.lostBy,
    runs_repeated: figures.repeated,
    not_sent: figures.notSent,
    total_ms: figures.totalSamples.map(round),
    baseline: {
      ms: Math.round(figures.baseline.ms),
      lost: figures.baseline.lost,
      duplicated: figures.baseline.duplicated,
      reordered: figures.baseline.reordered,
      sink_drops: figures.baseline.sinkDrops,
    },
    target: target ? targetText(target) : null,
    missed: target ? missedTargets(target, figures) : [],
    samples: {
      break_us: figures.breakSamples.map(round),
      gap_us: figures.gapSamples,
      blocked_us: figures.blockedSamples.map(round),
    },
    machine: { ...machine, load: round(measurement.load) },
  };
}

/** JSON has no NaN: without samples there are no figures. */
function figuresOrNull(figures: { readonly p50: number; readonly p99: number; readonly max: number }) {
  if (Number.isNaN(figures.p50)) return null;
  return { p50: round(figures.p50), p99: round(figures.p99), max: round(figures.max) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
