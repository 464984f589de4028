/** A datapath without threads for tests of upgrades: it notes what it was asked, and fails where it is told to. */
import { setImmediate } from 'node:timers/promises';
import type { GraphPlan, NativeState, PrepareFailure } from '../../datapath/addon.ts';
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
  settle(): boolean {
    return this.draining-- <= 0;
  }
  states(): NativeState[] {
    return this.converting;
  }
  matchStatics(): null {
    return null;
  }
  refreshObservers(): void {
    this.calls.push('refresh');
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
  return { graph, graphText: 's :: Source -> c :: Counter -> d :: Discard;', checked, classes };
}
