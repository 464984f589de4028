import t from 'tap';
import { Engine } from '../../engine/engine.ts';
import { until, untilGrown } from '../upgrade/traffic.ts';

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

t.test('a store is held by one engine', async (t) => {
  const store = `${t.testdir({})}/store`;
  const engine = await Engine.start({ configuration, store });
  t.teardown(() => engine.stop());
  await t.rejects(Engine.start({ configuration, store }), {
    code: 'HC_STORE',
    message: /held|another engine|in use/i,
  });
});
