/** Gives the state of a store back to the shards of a starting engine. */
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import { countRecords } from './decode.ts';
import { redistributePages, type ShardPages, type StoredPage, type StoredPart } from './redistribute.ts';
import type { StateLayout } from './state-page.ts';
import type { StateStore } from './store.ts';

/** What restoring needs of the native engine. */
export type RestoredEngine = Pick<NativeEngine, 'restoreStatic' | 'restoreTable'>;

export interface RestoreSummary {
  readonly records: number;
  readonly statics: number;
  readonly tables: number;
  /** The number of shards changed, so records have other places than in the store. */
  readonly moved: boolean;
}

/**
 * Loads every static value and table page into the shard that wrote it. When the number of shards has changed, records go
 * to the shards that will receive their packets; static values stay with their shard, and those of shards that are no
 * more are left out.
 */
export function restoreState(
  store: StateStore,
  engine: RestoredEngine,
  shards: number,
  before: number,
): RestoreSummary {
  const tables = new Map<string, Map<string, { layout: StateLayout; pages: StoredPage[] }>>();
  let statics = 0;
  for (const { address, layout, page, data } of store.loadState()) {
    const name = `${address.element}/${address.state}`;
    if (page === undefined) {
      if (address.shard >= shards) continue;
      callNative(() => engine.restoreStatic(address.shard, name, layout.valueSchema, data));
      ++statics;
      continue;
    }
    const parts = tables.get(name) ?? new Map();
    tables.set(name, parts);
    const schema = `${layout.valueSchema.version} ${layout.recordSize}`;
    const part = parts.get(schema) ?? { layout, pages: [] };
    parts.set(schema, part);
    part.pages.push({ shard: address.shard, page, data: Uint8Array.from(data) });
  }
  const moved = before !== shards;
  let records = 0;
  for (const [name, parts] of tables) {
    const list = [...parts.values()];
    for (const { layout, shard, numbers, data } of moved ? redistributePages(list, shards) : byShard(list)) {
      callNative(() => {
        const { keySchema, valueSchema } = layout;
        engine.restoreTable(shard, name, keySchema!, valueSchema, numbers, data, list.length > 1);
      });
      records += data.reduce((sum, page) => sum + countRecords(page), 0);
    }
  }
  return { records, statics, tables: tables.size, moved };
}

function byShard(parts: readonly StoredPart[]): ShardPages[] {
  return parts.flatMap(({ layout, pages }) => {
    const shards = new Map<number, StoredPage[]>();
    for (const page of pages) {
      const list = shards.get(page.shard);
      if (list) list.push(page);
      else shards.set(page.shard, [page]);
    }
    return [...shards].map(([shard, list]) => ({
      layout,
      shard,
      numbers: Uint32Array.from(list, ({ page }) => page),
      data: list.map(({ data }) => data),
    }));
  });
}
