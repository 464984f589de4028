import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { describeLibrary } from '../../engine/datapath/class-catalogue.ts';
import { Engine } from '../../engine/engine.ts';
import { decodePage, encodePage } from '../../engine/state/decode.ts';
import { layoutOf } from '../../engine/state/publication.ts';
import type { PublishedPage } from '../../engine/state/state-page.ts';
import { StateStore } from '../../engine/state/store.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { elementSource, until } from '../upgrade/traffic.ts';

const lengths = Array.from({ length: 100 }, (_, i) => 60 + i);
const filling = `totals :: Totals -> out :: Counter -> Discard;
  ${lengths.map((n) => `InfiniteSource(LENGTH ${n}, LIMIT 3) -> totals;`).join('\n')}`;
const quiet = 'Idle -> totals :: Totals -> out :: Counter -> Discard;';

/** A directory whose Totals is that version. */
async function directoryWith(t: Test, version: string): Promise<string> {
  const directory = join(t.testdirName, version);
  copyFileSync(await buildElement(elementSource(version)), join(directory, 'Totals.so'));
  return directory;
}

t.test(
  'an engine killed while records were converted: each comes back, by the author’s function',
  async (t) => {
    t.testdir({ Totals1: {}, Totals2: {} });
    const [first, second] = [await directoryWith(t, 'Totals1'), await directoryWith(t, 'Totals2')];
    const store = join(t.testdirName, 'store');
    const before = await Engine.start({ configuration: filling, store, libraryPath: [first] });
    await until(before, 'out.count', 3 * lengths.length);
    await before.stop();
    await convertPage(store, join(second, 'Totals.so'), 1);

    const after = await Engine.start({ configuration: quiet, store, libraryPath: [second] });
    t.teardown(() => after.stop());
    const records = (await after.read('totals.lengths')).trim().split('\n');
    t.equal(records.length, lengths.length);
    // length, packets, packets before the upgrade: the converted page says 7 there, the other is converted now.
    for (const record of records) t.match(record, /^\d+ 3 (3|7)$/);
    t.equal(records.filter((record) => record.endsWith(' 7')).length, lengths.length - 64);
  },
);

/** What the engine would have written: one page of totals/lengths in the layout of that library. */
async function convertPage(directory: string, library: string, page: number): Promise<void> {
  const elementClass = describeLibrary(library);
  const info = elementClass.states.find(({ name }) => name === 'lengths');
  const layout = layoutOf(elementClass, info!);
  const store = await StateStore.open(directory);
  const revision = store.revisions().at(-1)!.revision;
  const pages: PublishedPage[] = [];
  for (const stored of store.loadState(undefined, { element: 'totals', state: 'lengths' })) {
    if (stored.page !== page) continue;
    const records = decodePage(stored.layout, page, stored.data).map((record) => ({
      ...record,
      value: { ...record.value, before_upgrade: 7 },
    }));
    pages.push({ ...stored.address, layout, page, data: encodePage(layout, page, records) });
  }
  await store.writeState({ revision, shards: 1, pages, statics: [] });
  await store.close();
}
