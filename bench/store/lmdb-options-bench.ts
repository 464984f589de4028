/**
 * LMDB's options for the pages of a table: what engine/state/environment.ts chose from.
 *
 *   node --import tsx bench/store/lmdb-options-bench.ts [--runs 7] [--records 1000000] [--record-size 64] [--json]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { readBenchOptions, report, summarise, time } from './measure.ts';
import { samplePages } from './sample-pages.ts';

const options = readBenchOptions(process.argv.slice(2));
const base = mkdtempSync(join(options.directory ?? tmpdir(), 'hotclick-bench-'));
const pages = samplePages(options.records, options.recordSize);
const few = pages.filter((_, page) => page % 100 === 0);

const variants: Readonly<Record<string, Record<string, unknown>>> = {
  'page-4096': { pageSize: 4096 },
  'page-8192': { pageSize: 8192 },
  'page-16384': { pageSize: 16384 },
  'page-4096-noMemInit': { pageSize: 4096, noMemInit: true },
  'page-4096-strictSync': { pageSize: 4096, overlappingSync: false },
  'page-4096-noSync': { pageSize: 4096, overlappingSync: false, noSync: true },
};

async function run(name: string, settings: Record<string, unknown>, synchronous: boolean) {
  const path = join(base, name);
  const root = open({ path, noSubdir: false, mapSize: 2 ** 34, eventTurnBatching: false, ...settings });
  const database = root.openDB<Uint8Array, Uint8Array>({
    name: 'values',
    encoding: 'binary',
    keyEncoding: 'binary',
    useVersions: true,
  });
  const key = Buffer.alloc(14);
  const write = (written: typeof pages) => {
    const put = () => {
      for (const { page, data } of written) {
        key.writeUInt32BE(page, 6);
        void database.put(key, data, 1);
      }
    };
    return synchronous ? root.transactionSync(put) : root.batch(put);
  };
  const first = await time(() => write(pages));
  const again = await time(() => write(pages));
  const onePercent = await time(() => write(few));
  await root.close();
  const megabytes = statSync(join(path, 'data.mdb')).size / 1e6;
  rmSync(path, { recursive: true });
  return { first, again, onePercent, megabytes };
}

try {
  for (const synchronous of [false, true]) {
    for (const [variant, settings] of Object.entries(variants)) {
      const name = `${variant}${synchronous ? '-sync' : ''}`;
      const runs: Awaited<ReturnType<typeof run>>[] = [];
      for (let index = 0; index < options.runs; index++) runs.push(await run(name, settings, synchronous));
      const add = (what: string, samples: number[]) => report(summarise(`${name} ${what}`, samples), options);
      add(
        'new',
        runs.map(({ first }) => first),
      );
      add(
        `again (${Math.round(runs[0]?.megabytes ?? 0)} MB)`,
        runs.map(({ again }) => again),
      );
      add(
        'one percent',
        runs.map(({ onePercent }) => onePercent),
      );
    }
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
