import type { NativeEngine } from './addon.ts';

/** Records in the tables of each element, all shards together. */
export function recordsByElement(engine: Pick<NativeEngine, 'states'>, shards: number): Map<string, number> {
  const records = new Map<string, number>();
  for (let shard = 0; shard < shards; ++shard) {
    for (const state of engine.states(shard)) {
      if (state.kind !== 'table') continue;
      records.set(state.element, (records.get(state.element) ?? 0) + state.records);
    }
  }
  return records;
}
