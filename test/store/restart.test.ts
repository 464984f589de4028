import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { Engine } from '../../engine/engine.ts';
import type { HotclickError } from '../../engine/errors.ts';
import type { TableContents } from '../../engine/state/query.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { elementSource, until, untilGrown } from '../upgrade/traffic.ts';

/** Totals with a key of another name. */
function otherKey(): string {
  const directory = dirname(elementSource('Totals1'));
  const shared = readFileSync(join(directory, 'totals.hpp'), 'utf8');
  return readFileSync(elementSource('Totals1'), 'utf8')
    .replace(
      '#include "totals.hpp"',
      shared.replace('#pragma once', '').replaceAll('length;', 'bytes;').replaceAll(', length)', ', bytes)'),
    )
    .replaceAll('.length, lengths', '.bytes, lengths');
}

const configuration = 'src :: RatedSource(RATE 20000) -> count :: Counter -> out :: Discard;';

t.test('counters and the revision go on after a clean stop and start', async (t) => {
  const store = `${t.testdir({})}/store`;
  const first = await Engine.start({ configuration, store });
  const counted = await until(first, 'count.count', 500);
  await first.stop();
  const second = await Engine.start({ configuration, store });
  t.teardown(() => second.stop());
  t.ok(Number(await second.read('count.count')) >= counted, 'the count was restored');
  t.match(await second.history(), [
    { revision: 1, kind: 'start' },
    { revision: 2, kind: 'start', current: true },
  ]);
  await untilGrown(second, 'count.count');
});

t.test('state can be listed and read, decoded by its schema', async (t) => {
  const store = `${t.testdir({})}/store`;
  const engine = await Engine.start({ configuration, store });
  t.teardown(() => engine.stop());
  await until(engine, 'count.count', 500);
  t.match(await engine.stateList(), [
    { element: 'count', state: 'counts', kind: 'static', className: 'Counter' },
  ]);
  const contents = JSON.stringify(await engine.stateGet('count/counts'));
  t.match(contents, /"packets":\d+/);
});

t.test('a store that cannot be used stops the start with a clear error', async (t) => {
  const file = `${t.testdir({ store: 'a file, not a directory' })}/store`;
  await t.rejects(Engine.start({ configuration, store: file }), { code: 'HC_STORE' });
});

t.test('a stored table whose key changed is told of, and its records stay in the store', async (t) => {
  const store = `${t.testdir({ old: {}, new: {}, 'Totals.cc': otherKey() })}/store`;
  const [older, newer] = [join(t.testdirName, 'old'), join(t.testdirName, 'new')];
  copyFileSync(await buildElement(elementSource('Totals1')), join(older, 'Totals.so'));
  copyFileSync(await buildElement(join(t.testdirName, 'Totals.cc')), join(newer, 'Totals.so'));
  const totals = 'InfiniteSource(LIMIT 7) -> totals :: Totals -> out :: Discard;';
  const first = await Engine.start({ configuration: totals, store, libraryPath: [older] });
  await until(first, 'out.count', 7);
  await first.stop();

  const longer = totals.replace('LIMIT 7', 'LENGTH 90, LIMIT 7');
  const second = await Engine.start({ configuration: longer, store, libraryPath: [newer] });
  const [warning] = (await once(second, 'warning')) as [HotclickError];
  t.match(warning, {
    code: 'HC_STATE_SCHEMA',
    message: /'totals\/lengths' begins empty: its key is not the one that Totals 1\.0\.0 wrote/,
    details: { records: 1 },
  });
  await until(second, 'out.count', 7);
  const now = (await second.stateGet('totals/lengths')) as TableContents;
  t.match(now.rows, [{ key: { bytes: 90 } }], 'only what was counted since');
  t.match(
    JSON.stringify(await second.stateDiff(1, 2)),
    /"length":67/,
    'the old record is there under revision 1',
  );
  await second.stop();

  const third = await Engine.start({ configuration: longer, store, libraryPath: [newer] });
  t.teardown(() => third.stop());
  const told: unknown[] = [];
  third.on('warning', (again) => told.push(again));
  await until(third, 'out.count', 14);
  t.same(told, [], 'said once');
});

t.test('a store is held by one engine', async (t) => {
  const store = `${t.testdir({})}/store`;
  const engine = await Engine.start({ configuration, store });
  t.teardown(() => engine.stop());
  await t.rejects(Engine.start({ configuration, store }), {
    code: 'HC_STORE',
    message: /held|another engine|in use/i,
  });
});
