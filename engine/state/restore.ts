/** Gives the state of a store back to the shards of a starting engine. */
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import type { StoredTable } from './changed-keys.ts';
import { countRecords } from './decode.ts';
import { mergeStatic, type StaticValue } from './merge-static.ts';
import { redistributePages, type ShardPages, type StoredPage, type StoredPart } from './redistribute.ts';
import type { StateLayout } from './state-page.ts';
import type { LoadedValue, StateStore } from './store.ts';

/** What restoring needs of the native engine. */
export type RestoredEngine = Pick<NativeEngine, 'restoreStatic' | 'restoreTable'>;

export interface RestoreSummary {
  /** One entry for each layout that a table's records have. */
  readonly tables: readonly StoredTable[];
  /** The number of shards changed, so records have other places than in the store. */
  readonly moved: boolean;
  readonly warnings: readonly HotclickError[];
}

/**
 * Loads every static value and table page into the shard that wrote it. When the number of shards has changed, records go
 * to the shards that will receive their packets; static values stay with their shard, and what those of shards that are
 * no more have counted goes to a shard that stays.
 */
export function restoreState(
  store: StateStore,
  engine: RestoredEngine,
  shards: number,
  before: number,
): RestoreSummary {
  const tables: GatheredTables = new Map();
  const statics = new Map<string, Map<number, StaticValue>>();
  for (const { address, layout, page, data } of store.loadState()) {
    const name = `${address.element}/${address.state}`;
    if (page === undefined) {
      const values = statics.get(name) ?? new Map();
      statics.set(name, values);
      const shard = address.shard % shards;
      const before = values.get(shard);
      values.set(
        shard,
        before ? mergeStatic(before, { layout, data }) : { layout, data: Uint8Array.from(data) },
      );
      continue;
    }
    addPage(tables, name, layout, { shard: address.shard, page, data: Uint8Array.from(data) });
  }
  for (const [name, values] of statics) {
    for (const [shard, { layout, data }] of values)
      callNative(() => engine.restoreStatic(shard, name, layout.valueSchema, data));
  }
  const moved = before !== shards;
  const stored: StoredTable[] = [];
  const warnings: HotclickError[] = [];
  for (const [name, parts] of tables) {
    const list = [...parts.values()];
    stored.push(...list.map((part) => describeTable(name, part)));
    const { pages, apart } = moved ? redistributePages(list, shards) : { pages: byShard(list), apart: 0 };
    if (apart > 0) warnings.push(apartWarning(name, apart, before, shards));
    for (const { layout, shard, numbers, data } of pages) {
      callNative(() => {
        const { keySchema, valueSchema } = layout;
        engine.restoreTable(shard, name, keySchema!, valueSchema, numbers, data, list.length > 1);
      });
    }
  }
  return { tables: stored, moved, warnings };
}

/** Takes up values that were written since the state was restored, in a prepared revision that no shard runs yet. */
export function renewState(
  values: Iterable<LoadedValue>,
  engine: Pick<NativeEngine, 'renewStatic' | 'renewTable'>,
  revision: number,
): void {
  const tables: GatheredTables = new Map();
  for (const { address, layout, page, data } of values) {
    const name = `${address.element}/${address.state}`;
    if (page === undefined) {
      if (data.length > 0)
        callNative(() => engine.renewStatic(address.shard, revision, name, layout.valueSchema, data));
      continue;
    }
    addPage(tables, name, layout, { shard: address.shard, page, data: Uint8Array.from(data) });
  }
  for (const [name, parts] of tables) {
    for (const { layout, shard, numbers, data } of byShard([...parts.values()])) {
      const { keySchema, valueSchema } = layout;
      callNative(() => engine.renewTable(shard, revision, name, keySchema!, valueSchema, numbers, data));
    }
  }
}

interface GatheredPart extends StoredPart {
  readonly pages: StoredPage[];
}
/** By name of the table, and by layout. */
type GatheredTables = Map<string, Map<string, GatheredPart>>;

function addPage(tables: GatheredTables, name: string, layout: StateLayout, page: StoredPage): void {
  const parts = tables.get(name) ?? new Map<string, GatheredPart>();
  tables.set(name, parts);
  const schema = `${layout.valueSchema.version} ${layout.recordSize} ${JSON.stringify(layout.keySchema)}`;
  const part = parts.get(schema);
  if (part) part.pages.push(page);
  else parts.set(schema, { layout, pages: [page] });
}

function apartWarning(name: string, apart: number, before: number, shards: number): HotclickError {
  return new HotclickError(
    'HC_STATE_MOVED',
    `${apart} flows of table '${name}' were made among ${before} shards; among ${shards} their replies come to a shard ` +
      'that does not have them',
    { details: { table: name, flows: apart, before, shards } },
  );
}

function describeTable(name: string, { layout, pages }: StoredPart): StoredTable {
  const { className, classVersion, keySchema } = layout;
  const [element, state] = [name.slice(0, name.lastIndexOf('/')), name.slice(name.lastIndexOf('/') + 1)];
  const records = pages.reduce((sum, { data }) => sum + countRecords(data), 0);
  return { element, state, className, classVersion, keySchema: keySchema!, records };
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
