/** Measures what passes through the changed elements, shard by shard, while an upgrade is watched. */
import type { NativeEngine } from '../datapath/addon.ts';
import type { ShardFlow } from './guards.ts';

export type MeteredEngine = Pick<
  NativeEngine,
  'observe' | 'stopObserving' | 'refreshObservers' | 'edgeCounts' | 'elementStats' | 'shardLoad'
>;

/** Running totals of one shard. */
interface Reading {
  readonly at: number;
  readonly busyNs: number;
  readonly packets: Counts;
  readonly outputs: Counts;
  readonly drops: Counts;
}
type Counts = ReadonlyMap<string, number>;

export class FlowMeter {
  readonly #engine: MeteredEngine;
  readonly #shards: number;
  readonly #elements: ReadonlySet<string>;
  readonly #observer: number;
  #begun: readonly Reading[] = [];

  constructor(engine: MeteredEngine, shards: number, elements: readonly string[]) {
    this.#engine = engine;
    this.#shards = shards;
    this.#elements = new Set(elements);
    this.#observer = engine.observe({ kind: 'count', elements });
  }

  /** A stretch of time begins; the shards may have got new graphs since the last one. */
  async begin(): Promise<void> {
    await Promise.all(this.#engine.refreshObservers());
    this.#begun = this.#readAll();
  }

  /** What passed since begin(). */
  flows(): ShardFlow[] {
    return this.#readAll().map((now, shard) => {
      const then = this.#begun[shard]!;
      const packets = difference(now.packets, then.packets);
      return {
        shard,
        seconds: Math.max(1e-6, (now.at - then.at) / 1000),
        packets: sum(packets),
        busyNs: now.busyNs - then.busyNs,
        outputs: difference(now.outputs, then.outputs),
        drops: difference(now.drops, then.drops),
      };
    });
  }

  stop(): void {
    this.#engine.stopObserving(this.#observer);
  }

  #readAll(): Reading[] {
    return Array.from({ length: this.#shards }, (_, shard) => this.#read(shard));
  }

  #read(shard: number): Reading {
    const entering = new Map<string, number>();
    const outputs = new Map<string, number>();
    const leaving = new Map<string, number>();
    for (const { from, port, to, packets } of this.#engine.edgeCounts(shard)) {
      const edge = `${from}[${port}]`;
      if (this.#elements.has(from)) {
        outputs.set(edge, packets);
        if (!this.#elements.has(to)) leaving.set(edge, packets);
      } else if (this.#elements.has(to)) {
        entering.set(edge, packets);
      }
    }
    const drops = new Map<string, number>();
    for (const { element, drops: reasons } of this.#engine.elementStats(shard)) {
      for (const [reason, packets] of Object.entries(reasons)) drops.set(`${element}: ${reason}`, packets);
    }
    return {
      at: performance.now(),
      busyNs: this.#engine.shardLoad(shard).busyNs,
      // Elements that packets come from are not entered: they count by what leaves them.
      packets: entering.size > 0 ? entering : leaving,
      outputs,
      drops,
    };
  }
}

function difference(now: Counts, then: Counts): Map<string, number> {
  const result = new Map<string, number>();
  for (const [name, value] of now) {
    const before = then.get(name) ?? 0;
    // Less than before: the count began anew with other observers.
    const more = value >= before ? value - before : value;
    if (more > 0) result.set(name, more);
  }
  return result;
}
function sum(counts: Counts): number {
  let total = 0;
  for (const value of counts.values()) total += value;
  return total;
}
