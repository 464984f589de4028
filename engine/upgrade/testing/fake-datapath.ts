/** A datapath without threads for tests of upgrades: it notes what it was asked, and fails where it is told to. */
import { setImmediate } from 'node:timers/promises';
import type { GraphPlan, NativeElementStats, NativeState, PrepareFailure } from '../../datapath/addon.ts';
import { checkGraph } from '../../graph/check.ts';
import type { ElementClass } from '../../graph/element-class.ts';
import { classTable, smallGraph } from '../../graph/fixtures/small-graph.ts';
import type { LoadedClass } from '../library-shelf.ts';
import type { RevisionDesign } from '../revision.ts';

export class FakeDatapath {
  readonly calls: string[] = [];
  readonly plans: GraphPlan[] = [];
  /** What prepare answers instead of a number. */
  refusal: PrepareFailure | undefined;
  /** A shard whose roll fails, as when the engine ends. */
  deadShard = -1;
  /** How often settle says that something still drains. */
  draining = 0;
  converting: NativeState[] = [];
  #next = 100;

  loadLibrary(path: string): { library: number; description: string } {
    this.calls.push(`load ${path}`);
    return { library: this.#next++, description: JSON.stringify(counterClass) };
  }
  unloadLibrary(library: number): void {
    this.calls.push(`unload ${library}`);
  }
  prepare(plan: GraphPlan): number | PrepareFailure {
    this.plans.push(plan);
    this.calls.push('prepare');
    return this.refusal ?? this.#next++;
  }
  tryConfigure(): PrepareFailure | undefined {
    this.calls.push('configure');
    return this.refusal;
  }
  discard(): void {
    this.calls.push('discard');
  }
  async roll(
    shard: number,
    _revision: number,
    strategy: string,
  ): Promise<{ beginNs: number; breakNs: number }> {
    await setImmediate();
    this.calls.push(`roll ${shard} ${strategy}`);
    if (shard === this.deadShard) throw new Error('the engine was stopped');
    return { beginNs: 5_000_000 * (shard + 1), breakNs: 1000 + shard };
  }
  /** Shards that have gone back by themselves and say so only when their watch ends. */
  readonly goneBack = new Set<number>();
  endWatch(shard: number): Promise<boolean> {
    return Promise.resolve(!this.goneBack.has(shard));
  }
  keep(): Promise<void> {
    return Promise.resolve();
  }
  takeBack(shard: number): Promise<number> {
    this.calls.push(`take back ${shard}`);
    return Promise.resolve(500);
  }
  reclaim(shard: number): Promise<number> {
    this.calls.push(`reclaim ${shard}`);
    return Promise.resolve(32);
  }
  abandon(): boolean {
    this.calls.push('abandon');
    return true;
  }
  /** What the shards have done since; every look finds more. */
  readonly loads: { rounds: number; busyRounds: number; busyNs: number }[] = [];
  shardLoad(shard: number): { rounds: number; busyRounds: number; busyNs: number } {
    const before = this.loads[shard] ?? { rounds: 0, busyRounds: 0, busyNs: 0 };
    this.loads[shard] = {
      rounds: before.rounds + 100,
      busyRounds: before.busyRounds + 100,
      busyNs: before.busyNs + this.nsPerLook(shard),
    };
    return this.loads[shard];
  }
  /** Of a shard's time, and the packets of an edge, in one look. */
  nsPerLook = (_shard: number): number => 1_000_000;
  packetsPerLook = (_shard: number, _edge: string): number => 1000;
  readonly #counts = new Map<string, number>();
  edgeCounts(shard: number): { from: string; port: number; to: string; packets: number }[] {
    return [
      { from: 's', port: 0, to: 'c' },
      { from: 'c', port: 0, to: 'd' },
    ].map((edge) => {
      const key = `${shard} ${edge.from}`;
      const packets = (this.#counts.get(key) ?? 0) + this.packetsPerLook(shard, edge.from);
      this.#counts.set(key, packets);
      return { ...edge, packets };
    });
  }
  drops: (shard: number) => Record<string, number> = () => ({});
  elementStats(shard: number): NativeElementStats[] {
    const drops = this.drops(shard);
    return [{ element: 'c', className: 'Counter', version: '1.0.0', unconnected: 0, held: 0, drops }];
  }
  observe(): number {
    this.calls.push('observe');
    return 1;
  }
  stopObserving(): void {
    this.calls.push('stop observing');
  }
  settle(): boolean {
    return this.draining-- <= 0;
  }
  states(): NativeState[] {
    return this.converting;
  }
  matchStatics(): null {
    return null;
  }
  refreshObservers(): Promise<void>[] {
    this.calls.push('refresh');
    return [];
  }
}

const lookup = classTable({ Source: ['0/1', '/h'], Counter: ['1/1', 'a/a'], Discard: ['1/0', 'a/'] });
export const counterClass: ElementClass = lookup('Counter')!;

/** A class at a version whose library has the content `content`. */
export function loadedClass(className: string, content: string, library = 1): LoadedClass {
  const elementClass = { ...lookup(className)!, version: `${content}.0.0` };
  return { className, version: elementClass.version, sha256: content.repeat(8), library, elementClass };
}

/** Source -> Counter -> Discard, with the counter's library of the given content. */
export function designWith(
  content: string,
  elements = { s: 'Source', c: 'Counter', d: 'Discard' },
): RevisionDesign {
  const graph = smallGraph(elements, ['s -> c', 'c -> d']);
  const classes = new Map(
    ['Source', 'Discard'].map((name, i): [string, LoadedClass] => [name, loadedClass(name, '1', i + 2)]),
  );
  classes.set('Counter', loadedClass('Counter', content, 10 + Number(content)));
  const checked = checkGraph(graph, (name) => classes.get(name)?.elementClass);
  return { graph, graphText: 's :: Source -> c :: Counter -> d :: Discard;', checked, classes, older: [] };
}
