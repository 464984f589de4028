/** Strategy core: the datapath core itself is replaced within the process, under a graph that knows nothing of it. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { addonPath } from '../../engine/datapath/paths.ts';
import { Engine } from '../../engine/engine.ts';
import type { EngineOptions } from '../../engine/engine-types.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { shortDirectory } from '../e2e/laboratory.ts';
import { exampleSource } from './statics-libraries.ts';
import { elementSource, until, untilGrown } from './traffic.ts';

t.setTimeout(180_000);

const core = { strategy: 'core' } as const;
/** Of packets that are worth a look each: a trace of them does not keep the host busy. */
const configuration = `
  src :: RatedSource(RATE 200) -> totals :: Totals -> q :: Queue(2000) -> Unqueue -> out :: Discard;
`;

/** An engine whose Totals (a section, a table) is version 1, from a directory of its own. */
async function start(t: Test, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const directory = await shortDirectory(t);
  copyFileSync(await buildElement(elementSource('Totals1')), join(directory, 'Totals.so'));
  const engine = await Engine.start({ configuration, threads: 2, libraryPath: [directory], ...options });
  t.teardown(() => engine.stop());
  return engine;
}

/** Files of cores whose code this process has mapped. */
function mappedCores(): number {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return new Set(maps.match(/\S+(hotclick|core-\d+)\.node$/gm)).size;
}

t.test(
  'all state goes on, packets are counted once, and nothing grows from one core to the next',
  async (t) => {
    const limit = 4_000_000;
    const limited = `src :: InfiniteSource(LIMIT ${limit}, LENGTH 60, STOP false) -> totals :: Totals -> out :: Discard;`;
    const engine = await start(t, { configuration: limited });
    let cores = 0;
    for (let round = 0; round < 6; ++round) {
      const before = Number(await engine.read('totals.packets'));
      const report = await engine.upgrade({}, core);
      t.match(report, { strategy: 'core', parent: round + 1, breaks: [{ shard: 0 }, { shard: 1 }] });
      t.ok(Number(await engine.read('totals.packets')) >= before);
      if (round === 1) cores = mappedCores();
    }
    t.equal(mappedCores(), cores, 'two copies take turns');
    await until(engine, 'out.count', limit);
    t.equal(await engine.read('totals.packets'), String(limit));
    const [, first, , second] = (await engine.read('totals.lengths')).trim().split(/\s+/).map(Number);
    t.equal(first! + second!, limit);
    const { packets, elements } = await engine.stats();
    t.equal(packets.free, packets.total, 'every packet is free again');
    t.match(elements.map(({ element }) => element).sort(), ['out', 'src', 'totals']);
  },
);

t.test('an element and the core may change together: its state is converted on the way', async (t) => {
  const engine = await start(t, { threads: 1 });
  const before = await until(engine, 'totals.packets', 100);
  const report = await engine.upgrade({ Totals: elementSource('Totals2') }, core);
  t.match(
    report.actions.find(({ element }) => element === 'totals'),
    {
      kind: 'adopt',
      states: [
        { name: 'total', how: 'converted' },
        { name: 'lengths', how: 'converted' },
      ],
    },
  );
  t.ok(Number(await engine.read('totals.packets')) >= before);
  const [, packets, beforeUpgrade] = (await engine.read('totals.lengths')).trim().split(' ').map(Number);
  t.equal(beforeUpgrade, packets, "the author's function ran");
  await untilGrown(engine, 'out.count');

  await engine.rollback();
  await engine.upgrade({}, core);
  t.ok(Number(await engine.read('totals.packets')) >= before, 'swaps and cores by turns');
  await untilGrown(engine, 'out.count');
});

t.test('a trace goes on, questions meanwhile are answered, and the store has it all', async (t) => {
  const store = join(t.testdir({}), 'store');
  const engine = await start(t, { store, syncInterval: 20 });
  await until(engine, 'totals.packets', 100);
  const stop = new AbortController();
  const seen: number[] = [];
  const traced = (async () => {
    for await (const { shard } of engine.trace('-', { limit: 1_000_000, signal: stop.signal }))
      seen.push(shard);
  })();
  while (seen.length < 100) await untilGrown(engine, 'out.count');
  let upgraded = false;
  const upgrade = engine.upgrade({}, core).finally(() => {
    upgraded = true;
  });
  let answers = 0;
  while (!upgraded) if (/^\d+$/.test(await engine.read('totals.packets'))) ++answers;
  await upgrade;
  t.ok(answers > 0);
  const { length } = seen;
  while (seen.length < length + 100) await untilGrown(engine, 'out.count');
  stop.abort();
  await traced.catch(() => undefined);
  await engine.sync();
  const packets = Number(await engine.read('totals.packets'));
  await engine.stop();

  const again = await start(t, { store });
  t.ok(Number(await again.read('totals.packets')) >= packets);
  t.match(await again.history(), [
    { kind: 'start' },
    { kind: 'upgrade', strategy: 'core', status: 'committed' },
    {},
  ]);
});

t.test('what cannot take over is refused, and the running core goes on', async (t) => {
  const engine = await start(t);
  const directory = t.testdir({ 'text.node': 'this is no library' });
  const truncated = join(directory, 'truncated.node');
  writeFileSync(truncated, readFileSync(addonPath()).subarray(0, 100_000));
  const refusals: [string, string][] = [
    [join(directory, 'missing.node'), 'HC_LIBRARY'],
    [join(directory, 'text.node'), 'HC_VERIFY_FAILED'],
    [truncated, 'HC_VERIFY_FAILED'],
  ];
  for (const [file, code] of refusals) {
    await t.rejects(engine.upgrade({}, { ...core, core: file }), { code }, file);
    await untilGrown(engine, 'out.count');
  }
  await t.rejects(engine.apply(configuration, core), { code: 'HC_ARGUMENT' });
  await t.rejects(engine.upgrade({}, { strategy: 'swap' }), { code: 'HC_ARGUMENT' });
  await untilGrown(engine, 'out.count');
  await engine.upgrade({}, { ...core, core: addonPath() });
  await untilGrown(engine, 'out.count');
});

t.test('a core that is not ready goes away again, and its revision has failed', async (t) => {
  const directory = t.testdir({});
  const statics = 'symbols';
  copyFileSync(await buildElement(exampleSource('v1'), { statics }), join(directory, 'PlainMeter.so'));
  const engine = await Engine.start({
    configuration: 'RatedSource(RATE 20000) -> m :: PlainMeter -> out :: Discard;',
    libraryPath: [directory],
    statics,
  });
  t.teardown(() => engine.stop());
  // Undeclared static variables stay in the library's own memory: nobody can take them over.
  await t.rejects(engine.upgrade({}, core), { code: 'HC_TRANSFER', message: /has not declared/ });
  await untilGrown(engine, 'out.count');
  t.match(await engine.history(), [
    { revision: 1, current: true },
    { revision: 2, status: 'failed' },
  ]);
  await engine.upgrade({ PlainMeter: exampleSource('v2') }, { statics });
  await untilGrown(engine, 'out.count');
});
