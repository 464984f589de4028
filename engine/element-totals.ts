/** What the elements of a graph count, all shards together. */
import type { NativeEngine } from './datapath/addon.ts';
import { recordsByElement } from './datapath/record-counts.ts';
import type { ElementStats } from './engine-types.ts';
import type { RevisionDesign } from './upgrade/revision.ts';

/** Of `design`, which runs: its elements, and the older versions beside them. */
export function sumElements(
  engine: Pick<NativeEngine, 'elementStats' | 'states'>,
  shards: number,
  design: RevisionDesign,
): ElementStats[] {
  const records = recordsByElement(engine, shards);
  const besides = new Map(design.older.map(({ name, element }) => [name, element]));
  const elements = new Map<string, ElementStats>();
  for (let shard = 0; shard < shards; ++shard) {
    for (const one of engine.elementStats(shard)) {
      const sum = elements.get(one.element);
      const beside = besides.get(one.element);
      const drops = { ...(sum?.drops ?? {}) };
      for (const [reason, n] of Object.entries(one.drops)) drops[reason] = (drops[reason] ?? 0) + n;
      elements.set(one.element, {
        element: one.element,
        className: one.className,
        version: one.version,
        drops,
        unconnected: (sum?.unconnected ?? 0) + one.unconnected,
        held: (sum?.held ?? 0) + one.held,
        records: records.get(one.element) ?? 0,
        ...(beside === undefined ? {} : { beside }),
      });
    }
  }
  return [...elements.values()];
}
