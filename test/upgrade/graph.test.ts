import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { elementSources } from '../../engine/datapath/paths.ts';
import { Engine } from '../../engine/engine.ts';
import type { PlannedAction } from '../../engine/engine-types.ts';
import { until, untilGrown } from './traffic.ts';

const first = `
  src :: RatedSource(RATE 20000) -> count :: Counter -> queue :: Queue(5000)
    -> unqueue :: RatedUnqueue(RATE 20000) -> out :: Discard;
`;

async function start(t: Test, configuration: string, threads = 2): Promise<Engine> {
  const engine = await Engine.start({ configuration, threads });
  t.teardown(() => engine.stop());
  return engine;
}

function kinds(actions: readonly PlannedAction[]): Record<string, string> {
  return Object.fromEntries(actions.map(({ element, kind }) => [element, kind]));
}

t.test('apply keeps what is unchanged, adopts what was reconfigured, starts what is new', async (t) => {
  const engine = await start(t, first);
  const before = await until(engine, 'count.count', 1000);
  const next = first
    .replace('Queue(5000)', 'Queue(6000)')
    .replace('-> queue', '-> second :: Counter -> queue');
  const report = await engine.apply(next);
  t.match(kinds(report.actions), {
    src: 'keep',
    count: 'keep',
    queue: 'adopt',
    second: 'start',
    out: 'keep',
  });
  t.equal(report.breaks.length, 2, 'one break time a shard');
  t.ok(Number(await engine.read('count.count')) >= before, 'the kept counter goes on');
  t.equal(await engine.read('queue.capacity'), '6000');
  await untilGrown(engine, 'second.count');
  await untilGrown(engine, 'out.count');
});

t.test('a dry run prints the plan and changes nothing', async (t) => {
  const engine = await start(t, first);
  const report = await engine.apply(first.replace('5000', '6000'), { dryRun: true });
  t.equal(report.dryRun, true);
  t.match(kinds(report.actions), { queue: 'adopt', src: 'keep' });
  t.same(report.breaks, []);
  t.equal(await engine.read('queue.capacity'), '5000');
  t.equal(engine.revision, 1);
});

t.test('packets in a queue move with it, to a larger ring too', async (t) => {
  const filling =
    'src :: InfiniteSource(LIMIT 500, BURST 100) -> queue :: Queue(600) -> u :: Unqueue(ACTIVE false) -> out :: Discard;';
  const engine = await start(t, filling, 1);
  t.equal(await until(engine, 'queue.length', 500), 500);
  await engine.apply(filling.replace('600', '5000'));
  t.equal(await engine.read('queue.length'), '500', 'all 500 are in the larger queue');
  await engine.write('u.active', 'true');
  t.equal(await until(engine, 'out.count', 500), 500);
});

t.test('a removed queue is drained through what was behind it', async (t) => {
  const with500 = `
    src :: InfiniteSource(LIMIT 500, BURST 100) -> queue :: Queue(600) -> u :: Unqueue(ACTIVE false) -> out :: Discard;
  `;
  const engine = await start(t, with500, 1);
  await until(engine, 'queue.length', 500);
  await engine.apply(
    'src :: InfiniteSource(LIMIT 500, BURST 100) -> other :: Queue(600) -> u :: Unqueue(ACTIVE true) -> out :: Discard;',
  );
  t.equal(await until(engine, 'out.count', 500), 500, 'no packet of the removed queue is missing');
});

t.test('what a removed element holds when its time is up is dropped and counted', async (t) => {
  const engine = await start(t, 'InfiniteSource(LIMIT 50) -> queue :: Queue(100) -> Idle;', 1);
  await until(engine, 'queue.length', 50);
  const { free } = (await engine.stats()).packets;
  await engine.apply('Idle -> Discard;');
  const { shards, packets } = await engine.stats();
  t.match(shards, [{ drops: { 'drain ended': 50, 'element gone': 0 } }]);
  t.equal(packets.free, free + 50);
});

t.test('packets in a queue that the new version does not have are dropped and counted', async (t) => {
  const engine = await start(t, 'InfiniteSource(LIMIT 50) -> queue :: Queue(100) -> Idle;', 1);
  await until(engine, 'queue.length', 50);
  const source = readFileSync(join(elementSources, 'queue/Queue.cc'), 'utf8');
  const renamed = source.replace(/(\.queue<[^>]*>\()"\w+"/, '$1"others"');
  t.not(renamed, source);
  const directory = t.testdir({ 'Queue.cc': renamed.replaceAll('"../', `"${elementSources}/`) });
  await engine.upgrade({ Queue: join(directory, 'Queue.cc') });
  t.equal(await engine.read('queue.length'), '0');
  t.match((await engine.stats()).shards, [{ drops: { 'queue gone': 50 } }]);
});

t.test('a configuration with an error is refused with its place; the running one goes on', async (t) => {
  const engine = await start(t, first);
  await t.rejects(engine.apply('a :: Nonsense -> Discard;', { file: 'new.click' }), {
    code: 'HC_CONFIG_INVALID',
    message: /new\.click:1/,
  });
  await t.rejects(engine.apply('a :: Counter(', { file: 'new.click' }), { code: 'HC_CONFIG_SYNTAX' });
  await t.rejects(engine.apply(first.replace('5000', 'many'), { file: 'new.click' }), {
    code: 'HC_CONFIGURE_FAILED',
    message: /new\.click:\d+:\d+: While configuring 'queue :: Queue': .*many.*\n.*Queue.*\n +\^/,
  });
  t.equal(engine.revision, 1);
  await untilGrown(engine, 'out.count');
});

t.test('rollback goes back to the previous graph and keeps what was counted since', async (t) => {
  const engine = await start(t, first);
  await engine.apply(first.replace('-> queue', '-> second :: Counter -> queue'));
  const counted = await untilGrown(engine, 'count.count');
  const report = await engine.rollback();
  t.match(kinds(report.actions), { second: 'drain', count: 'keep' });
  t.ok(Number(await engine.read('count.count')) >= counted);
  await t.rejects(engine.read('second.count'), { code: 'HC_NO_SUCH_ELEMENT' });
  t.match(await engine.history(), [
    { revision: 1, kind: 'start', status: 'committed', current: false },
    { revision: 2, kind: 'apply', parent: 1, current: false },
    { revision: 3, kind: 'rollback', parent: 2, current: true },
  ]);
  await t.rejects(engine.rollback(), { code: 'HC_ARGUMENT', message: /no revision before/ });
});

t.test('the thread strategy leaves the loop and enters again, with the same outcome', async (t) => {
  const engine = await start(t, first);
  const before = await until(engine, 'count.count', 1000);
  const report = await engine.apply(first.replace('5000', '6000'), { strategy: 'thread' });
  t.equal(report.strategy, 'thread');
  t.ok(report.breaks.every(({ breakNs }) => breakNs > 0));
  t.ok(Number(await engine.read('count.count')) >= before);
  await untilGrown(engine, 'out.count');
});

t.test('two upgrades at once: the second is told to wait', async (t) => {
  const engine = await start(t, first);
  const [one, two] = await Promise.allSettled([
    engine.apply(first.replace('5000', '6000')),
    engine.apply(first.replace('5000', '7000')),
  ]);
  t.equal(one.status, 'fulfilled');
  t.match(two, { status: 'rejected', reason: { code: 'HC_UPGRADE_BUSY' } });
});
