/** What the store costs: syncing all records of a table and one interval of them, opening, loading. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PublishedPage } from '../../engine/state/state-page.ts';
import { StateStore } from '../../engine/state/store.ts';
import type { Benchmark } from '../benchmark.ts';
import { readBenchOptions, report, summarise, time } from './measure.ts';
import { samplePages } from './sample-pages.ts';

export const storeBenchmark: Benchmark = {
  summary: 'ms to sync, open and load a store of a million records',
  usage: `usage: npm run bench -- store [options]

  --runs N           measurements of each, at least 5 (default: 7)
  --records N        records in the table (default: 1000000)
  --record-size N    bytes of key, padding and value (default: 64)
  --directory DIR    where the stores are made (default: the system's directory for temporary files)
  --json             one JSON object a line`,
  async run(argv) {
    const options = readBenchOptions(argv);
    const base = mkdtempSync(join(options.directory ?? tmpdir(), 'hotclick-bench-'));
    try {
      const pages = samplePages(options.records, options.recordSize);
      const arena = Buffer.alloc(pages.reduce((sum, { data }) => sum + data.length, 0));
      const samples = new Map<string, number[]>();
      for (let index = 0; index < options.runs; index++) {
        await measureOnce(join(base, `run-${index}`), pages, arena, samples);
      }
      for (const [scenario, values] of samples) report(summarise(scenario, values), options);
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  },
};

async function measureOnce(
  directory: string,
  pages: readonly PublishedPage[],
  arena: Buffer,
  samples: Map<string, number[]>,
): Promise<void> {
  const add = (scenario: string, milliseconds: number) =>
    samples.set(scenario, [...(samples.get(scenario) ?? []), milliseconds]);
  const write = (revision: number, written: readonly PublishedPage[]) =>
    store.writeState({ revision, pages: written, statics: [] });
  const few = pages.filter((_, page) => page % 100 === 0);
  let store = await StateStore.open(directory);
  add('sync-all-new', await time(() => write(1, pages)));
  add('sync-all-again', await time(() => write(1, pages)));
  add('sync-one-percent', await time(() => write(1, few)));
  add('sync-all-next-revision', await time(() => write(2, pages)));
  await store.close();
  const openAgain = async () => {
    store = await StateStore.open(directory);
  };
  add('open', await time(openAgain));
  add('load-all', await time(() => load(store, pages, arena)));
  for (const { page, data } of pages.slice(0, 100)) {
    if (!arena.subarray(page * data.length, (page + 1) * data.length).equals(data)) {
      throw new Error('loaded otherwise');
    }
  }
  await store.close();
  rmSync(directory, { recursive: true });
}

/** Copies every page to its place in one buffer, as a table that is filled would. */
function load(store: StateStore, pages: readonly PublishedPage[], arena: Buffer): void {
  const size = pages[0]?.data.length ?? 0;
  for (const { page, data } of store.loadState()) arena.set(data, (page ?? 0) * size);
}
