/** Gives the state of a store back to the shards of a starting engine. */
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import { redistributePages, type StoredPage } from './redistribute.ts';
import type { StateLayout } from './state-page.ts';
import type { StateStore } from './store.ts';

export interface RestoreSummary {
  readonly records: number;
  readonly statics: number;
  readonly tables: number;
  /** The number of shards changed, so records have other places than in the store. */
  readonly moved: boolean;
}

/** The pages of one table that have one layout. */
interface StoredTable {
  readonly name: string;
  readonly layout: StateLayout;
  readonly pages: StoredPage[];
}

/**
 * Loads every static value and table page into the shard that wrote it. When the number of shards has changed, records go
 * to the shards that will receive their packets; static values stay with their shard, and those of shards that are no
 * more are left out.
 */
export function restoreState(
  store: StateStore,
  engine: NativeEngine,
  shards: number,
  before: number,
): RestoreSummary {
  const tables = new Map<string, StoredTable>();
  let statics = 0;
  for (const { address, layout, page, data } of store.loadState()) {
    const name = `${address.element}/${address.state}`;
    if (page === undefined) {
      if (address.shard >= shards) continue;
      callNative(() => engine.restoreStatic(address.shard, name, layout.valueSchema, data));
      ++statics;
      continue;
    }
    const key = `${name} ${JSON.stringify(layout.valueSchema)}`;
    const table = tables.get(key) ?? { name, layout, pages: [] };
    tables.set(key, table);
    table.pages.push({ shard: address.shard, page, data: Uint8Array.from(data) });
  }
  const moved = before !== shards;
  let records = 0;
  for (const { name, layout, pages } of tables.values()) {
    for (const { shard, numbers, data } of moved ? rearranged(layout, pages, shards) : byShard(pages)) {
      records += callNative(() =>
        engine.restoreTable(shard, name, layout.keySchema!, layout.valueSchema, numbers, data),
      );
    }
  }
  return { records, statics, tables: tables.size, moved };
}

interface ShardPages {
  readonly shard: number;
  readonly numbers: Uint32Array;
  readonly data: Uint8Array[];
}

function byShard(pages: readonly StoredPage[]): ShardPages[] {
  const shards = new Map<number, StoredPage[]>();
  for (const page of pages) {
    const list = shards.get(page.shard);
    if (list) list.push(page);
    else shards.set(page.shard, [page]);
  }
  return [...shards].map(([shard, list]) => ({
    shard,
    numbers: Uint32Array.from(list, ({ page }) => page),
    data: list.map(({ data }) => data),
  }));
}

function rearranged(layout: StateLayout, pages: readonly StoredPage[], shards: number): ShardPages[] {
  return redistributePages(layout, pages, shards).map((data, shard) => ({
    shard,
    numbers: Uint32Array.from(data, (_, page) => page),
    data,
  }));
}
