/**
 * What the store costs: syncing all records of a table and one interval of them, opening, loading.
 *
 *   node --import tsx bench/store/store-bench.ts [--runs 7] [--records 1000000] [--record-size 64] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishedPage } from '../../engine/state/state-page.ts';
import { StateStore } from '../../engine/state/store.ts';
import { readBenchOptions, report, summarise, time } from './measure.ts';
import { samplePages } from './sample-pages.ts';

const options = readBenchOptions(process.argv.slice(2));
const base = mkdtempSync(join(options.directory ?? tmpdir(), 'hotclick-bench-'));
const pages = samplePages(options.records, options.recordSize);
const samples = new Map<string, number[]>();

function add(scenario: string, milliseconds: number): void {
  samples.set(scenario, [...(samples.get(scenario) ?? []), milliseconds]);
}

function write(store: StateStore, revision: number, written: readonly PublishedPage[]): Promise<void> {
  return store.writeState({ revision, pages: written, statics: [] });
}

/** Copies every page to its place in one buffer, as a table that is filled would. */
function load(store: StateStore, arena: Buffer): void {
  const size = pages[0]?.data.length ?? 0;
  for (const { page, data } of store.loadState()) arena.set(data, (page ?? 0) * size);
}

async function run(index: number, arena: Buffer): Promise<void> {
  const directory = join(base, `run-${index}`);
  const few = pages.filter((_, page) => page % 100 === 0);
  let store = await StateStore.open(directory);
  add('sync-all-new', await time(() => write(store, 1, pages)));
  add('sync-all-again', await time(() => write(store, 1, pages)));
  add('sync-one-percent', await time(() => write(store, 1, few)));
  add('sync-all-next-revision', await time(() => write(store, 2, pages)));
  await store.close();
  const openAgain = async () => {
    store = await StateStore.open(directory);
  };
  add('open', await time(openAgain));
  add('load-all', await time(() => load(store, arena)));
  for (const { page, data } of pages.slice(0, 100)) {
    if (!arena.subarray(page * data.length, (page + 1) * data.length).equals(data))
      throw new Error('loaded otherwise');
  }
  await store.close();
  rmSync(directory, { recursive: true });
}

try {
  const arena = Buffer.alloc(pages.reduce((sum, { data }) => sum + data.length, 0));
  for (let index = 0; index < options.runs; index++) await run(index, arena);
  for (const [scenario, values] of samples) report(summarise(scenario, values), options);
} finally {
  rmSync(base, { recursive: true, force: true });
}
