/** Gives the state of a store back to the shards of a starting engine. */
import type { NativeEngine } from '../datapath/addon.ts';
import { callNative } from '../datapath/addon.ts';
import type { StateLayout } from './state-page.ts';
import type { StateStore } from './store.ts';

export interface RestoreSummary {
  readonly records: number;
  readonly statics: number;
  readonly tables: number;
}

interface TableInShard {
  readonly name: string;
  readonly shard: number;
  readonly layout: StateLayout;
  readonly numbers: number[];
  readonly pages: Uint8Array[];
}

/**
 * Loads every static value and table page into the shard that wrote it. With fewer shards than before, what belonged to
 * shard s goes to shard s modulo the new number; its static values are those of the lowest such shard.
 */
export function restoreState(store: StateStore, engine: NativeEngine, shards: number): RestoreSummary {
  const tables = new Map<string, TableInShard>();
  let statics = 0;
  for (const { address, layout, page, data } of store.loadState()) {
    const name = `${address.element}/${address.state}`;
    if (address.shard >= shards) continue;
    if (page === undefined) {
      callNative(() => engine.restoreStatic(address.shard, name, layout.valueSchema, data));
      ++statics;
      continue;
    }
    const key = `${address.shard}/${name}/${JSON.stringify(layout.valueSchema)}`;
    let table = tables.get(key);
    if (!table) tables.set(key, (table = { name, shard: address.shard, layout, numbers: [], pages: [] }));
    table.numbers.push(page);
    table.pages.push(Uint8Array.from(data));
  }
  let records = 0;
  for (const { name, shard, layout, numbers, pages } of tables.values()) {
    const live = callNative(() =>
      engine.restoreTable(
        shard,
        name,
        layout.keySchema!,
        layout.valueSchema,
        Uint32Array.from(numbers),
        pages,
      ),
    );
    records += live;
  }
  return { records, statics, tables: tables.size };
}
