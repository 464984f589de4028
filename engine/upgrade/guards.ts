/** What the guards say about two stretches of time: one before the change, one since. Nothing but arithmetic. */
import { type GuardName, type GuardReading, guards, type WatchOptions } from '../watch-types.ts';

/** What passed through the changed elements of one shard in a stretch of time. */
export interface ShardFlow {
  readonly shard: number;
  readonly seconds: number;
  readonly packets: number;
  readonly busyNs: number;
  /** Packets by output of a changed element, and by reason of a drop anywhere in the shard. */
  readonly outputs: ReadonlyMap<string, number>;
  readonly drops: ReadonlyMap<string, number>;
}

/** Fewer packets than this say nothing about a version. */
export const fewestPackets = 200;

/** One reading a guard and shard; none where there were too few packets on either side. */
export function judge(
  before: readonly ShardFlow[],
  now: readonly ShardFlow[],
  changed: readonly number[],
  limits: WatchOptions['guards'] = {},
): GuardReading[] {
  const readings: GuardReading[] = [];
  const others = now.filter(({ shard, packets }) => !changed.includes(shard) && packets >= fewestPackets);
  for (const shard of changed) {
    const then = before.find((flow) => flow.shard === shard);
    const since = now.find((flow) => flow.shard === shard);
    if (!then || !since || then.packets < fewestPackets) continue;
    const theirs = others.map((flow) => ({
      earlier: before.find((one) => one.shard === flow.shard),
      since: flow,
    }));
    for (const [guard, measure] of Object.entries(measures) as [GuardName, Measure][]) {
      const limit = limits[guard] ?? guards[guard].limit;
      if (limit === 'off') continue;
      if (since.packets < fewestPackets && guard !== 'throughput') continue;
      const { value, what } = measure(then, since, theirs);
      const tripped = value > limit;
      readings.push({ guard, shard, value, limit, tripped, ...(what === undefined ? {} : { what }) });
    }
  }
  return readings;
}

interface OtherShard {
  readonly earlier: ShardFlow | undefined;
  readonly since: ShardFlow;
}
type Measure = (
  then: ShardFlow,
  since: ShardFlow,
  others: readonly OtherShard[],
) => { readonly value: number; readonly what?: string };

const measures: Record<GuardName, Measure> = {
  drops(then, since, others) {
    let worst = { value: 0, what: '' };
    for (const reason of since.drops.keys()) {
      const share = shareOf(since.drops, reason, since.packets);
      const usual = Math.max(
        shareOf(then.drops, reason, then.packets),
        ...others.map(({ since: flow }) => shareOf(flow.drops, reason, flow.packets)),
      );
      if (share - usual > worst.value) worst = { value: share - usual, what: reason };
    }
    return worst.what === '' ? { value: 0 } : worst;
  },

  throughput(then, since, others) {
    // Traffic that has become less everywhere is nobody's fault.
    const everywhere = others.map(({ earlier: flow, since: later }) => (flow ? rate(later) / rate(flow) : 1));
    const change = everywhere.length > 0 ? Math.min(1, mean(everywhere)) : 1;
    return { value: change === 0 ? 0 : Math.max(0, 1 - rate(since) / rate(then) / change) };
  },

  latency(then, since, others) {
    const usual = Math.max(cost(then), ...others.map(({ since: flow }) => cost(flow)));
    return { value: usual === 0 ? 0 : cost(since) / usual };
  },

  divergence(then, since, others) {
    if (others.length === 0) return distance(since, [then]);
    const differed = others.flatMap(({ earlier: flow }) =>
      flow && flow.packets >= fewestPackets ? [flow] : [],
    );
    const now = distance(
      since,
      others.map(({ since: flow }) => flow),
    );
    // Flows are spread over the shards by their hash: they may have differed all the time.
    const usual = differed.length > 0 ? distance(then, differed).value : 0;
    return { ...now, value: Math.max(0, now.value - usual) };
  },
};

/** Half the sum of the differences between two mixes of outcomes: the share of packets that came to another end. */
function distance(flow: ShardFlow, others: readonly ShardFlow[]): { value: number; what?: string } {
  const mine = mixOf([flow]);
  const theirs = mixOf(others);
  let value = 0;
  let worst = { difference: 0, what: '' };
  for (const outcome of new Set([...mine.keys(), ...theirs.keys()])) {
    const difference = Math.abs((mine.get(outcome) ?? 0) - (theirs.get(outcome) ?? 0));
    value += difference / 2;
    if (difference > worst.difference) worst = { difference, what: outcome };
  }
  return worst.what === '' ? { value } : { value, what: worst.what };
}

function mixOf(flows: readonly ShardFlow[]): Map<string, number> {
  const counts = new Map<string, number>();
  let sum = 0;
  for (const { outputs, drops } of flows) {
    for (const [outcome, packets] of [...outputs, ...drops]) {
      counts.set(outcome, (counts.get(outcome) ?? 0) + packets);
      sum += packets;
    }
  }
  for (const [outcome, packets] of counts) counts.set(outcome, sum === 0 ? 0 : packets / sum);
  return counts;
}

function shareOf(counts: ReadonlyMap<string, number>, name: string, packets: number): number {
  return packets === 0 ? 0 : (counts.get(name) ?? 0) / packets;
}
function rate({ packets, seconds }: ShardFlow): number {
  return packets / seconds;
}
/** ns of the shard for a packet. */
function cost({ busyNs, packets }: ShardFlow): number {
  return packets === 0 ? 0 : busyNs / packets;
}
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
