/** New code that crashes or does not come to its end, in a running engine: it goes back and on. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import type { EngineOptions, UpgradeOptions } from '../../engine/engine-types.ts';
import type { HotclickError } from '../../engine/errors.ts';
import type { TableContents } from '../../engine/state/query.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { elementSource, until, untilGrown } from './traffic.ts';

t.setTimeout(120_000);

/** Node has it; the types of ECMAScript alone do not. */
const assembly = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;
interface Assembly {
  instantiate(bytes: Uint8Array): Promise<{ instance: { exports: { f(address: number): number } } }>;
}

const configuration = 'src :: RatedSource(RATE 20000) -> totals :: Totals -> out :: Discard;';

/** An engine whose Totals is version 1, from a directory of its own. */
async function startWithTotals(t: Test, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const directory = t.testdir({});
  copyFileSync(await buildElement(elementSource('Totals1')), join(directory, 'Totals.so'));
  const engine = await Engine.start({ configuration, threads: 2, libraryPath: [directory], ...options });
  t.teardown(() => engine.stop());
  await until(engine, 'totals.packets', 1000);
  return engine;
}

/** A source file: that version of Totals, which does something else as well with every batch of `n` packets. */
function source(t: Test, like: 'Totals1b' | 'Totals2', breaks: string): string {
  const file = join(t.testdirName, `${like}-breaks.cc`);
  const text = readFileSync(elementSource(like), 'utf8')
    .replace('"totals.hpp"', `"${elementSource('totals').replace('.cc', '.hpp')}"`)
    .replace(
      'struct Totals',
      `__attribute__((noinline)) void break_down(unsigned long n) { ${breaks} }\nstruct Totals`,
    )
    .replace('void action(Batch& batch) {', 'void action(Batch& batch) { break_down(batch.count);');
  writeFileSync(file, text);
  return file;
}

async function failedUpgrade(
  engine: Engine,
  file: string,
  options: UpgradeOptions = {},
): Promise<HotclickError> {
  return engine.upgrade({ Totals: file }, options).then(
    () => {
      throw new Error('the upgrade was not taken back');
    },
    (error: HotclickError) => error,
  );
}

const crash = 'volatile unsigned long at = 16; *reinterpret_cast<volatile unsigned long*>(at) = n;';

t.test('a crash in new code: the old version goes on in both shards with its state', async (t) => {
  const engine = await startWithTotals(t);
  for (const like of ['Totals1b', 'Totals2'] as const) {
    for (const strategy of ['swap', 'thread', 'all-threads'] as const) {
      const what = `${like} by ${strategy}`;
      const before = Number(await engine.read('totals.packets'));
      const error = await failedUpgrade(engine, source(t, like, crash), { strategy });
      t.equal(error.code, 'HC_UPGRADE_FAULT', what);
      t.match(error.message, /totals :: Totals \d\.\d\.0 raised SIGSEGV at address 0x10 in shard [01]/, what);
      t.match(error.message, /break_down\(unsigned long\)\+0x/, what);
      const lost = (error.details.fault as { packetsLost: number }).packetsLost;
      t.ok(lost <= 256, `${what}: ${lost} packets lost, at most the batch`);
      t.equal(engine.revision, 1);
      const { elements } = await engine.stats();
      t.equal(elements.find(({ element }) => element === 'totals')?.version, '1.0.0', what);
      t.ok(Number(await engine.read('totals.packets')) >= before, `${what}: no count was lost`);
      await untilGrown(engine, 'out.count');
    }
  }
  const { packets, shards } = await engine.stats();
  t.equal(packets.free, packets.total, 'every packet came back to the pool');
  t.ok(
    shards.some(({ drops }) => (drops['code crashed'] ?? 0) > 0),
    'and what was lost is counted',
  );
  const history = await engine.history();
  t.same(
    history.map(({ status }) => status),
    ['committed', ...Array(6).fill('undone')],
  );
  t.match(history.at(-1)?.reason, /SIGSEGV/);
  await engine.upgrade({ Totals: elementSource('Totals1b') });
  await untilGrown(engine, 'out.count');
});

t.test('an endless loop in new code is ended', async (t) => {
  const engine = await startWithTotals(t);
  const error = await failedUpgrade(engine, source(t, 'Totals2', 'while (n > 0) asm volatile("");'), {
    loopLimit: 20,
  });
  t.match(error, { code: 'HC_UPGRADE_FAULT', message: /did not come to its end within 20 ms/ });
  await untilGrown(engine, 'out.count');
});

t.test('a crash in the canary: the other shard never sees the new version', async (t) => {
  const engine = await startWithTotals(t);
  const steps: string[] = [];
  const error = await failedUpgrade(engine, source(t, 'Totals1b', crash), {
    canary: 1,
    watch: 60_000,
    onStep: ({ step, detail }) => steps.push(`${step} ${detail}`),
  });
  t.match(error.message, /in shard 0/);
  t.notOk(steps.includes('roll shard 1'));
  await untilGrown(engine, 'out.count');
});

t.test('a guard that trips: packets that vanish, and code that is slow', async (t) => {
  const engine = await startWithTotals(t);
  const slow = 'for (unsigned long i = 0; i < 20000 * n; ++i) asm volatile("");';
  t.match(await failedUpgrade(engine, source(t, 'Totals1b', slow), { canary: 1, watch: 5000 }), {
    code: 'HC_UPGRADE_GUARD',
    message: /guard (latency|throughput) tripped in shard 0/,
  });
  await untilGrown(engine, 'out.count');
  const report = await engine.upgrade(
    { Totals: elementSource('Totals1b') },
    { canary: 1, watch: 600, guards: { latency: 'off', throughput: 'off' } },
  );
  t.match(report.watches, [
    { stage: 'canary', readings: [{ guard: 'drops' }, { guard: 'divergence' }] },
    { stage: 'all' },
  ]);
});

t.test('what every shard knows is still written when a crash ended an upgrade in the canary', async (t) => {
  const engine = await startWithTotals(t, { store: join(t.testdirName, 'store') });
  await engine.upgrade({ Totals: elementSource('Totals2') });
  await failedUpgrade(engine, source(t, 'Totals1b', crash), { canary: 1, watch: 60_000 });
  const counted = async () => {
    const { rows } = (await engine.stateGet('Totals/total')) as TableContents;
    return rows.map(({ shard, value }) => [shard, Number(value.packets)] as const);
  };
  for (let look = 0; look < 2; ++look) {
    const before = Number(await engine.read('totals.packets'));
    const shards = await counted();
    const after = Number(await engine.read('totals.packets'));
    t.same(shards.map(([shard]) => shard).sort(), [0, 1]);
    const sum = shards.reduce((all, [, packets]) => all + packets, 0);
    t.ok(sum >= before && sum <= after, `${before} <= ${sum} <= ${after}`);
    await untilGrown(engine, 'out.count');
  }
});

t.test(
  'V8 keeps working after a shard was brought back: collection, exceptions, WebAssembly traps',
  async (t) => {
    const engine = await startWithTotals(t);
    await failedUpgrade(engine, source(t, 'Totals1b', crash), { canary: 1, watch: 1000 });
    // (module (memory 1) (func (export "f") (param i32) (result i32) local.get 0 i32.load))
    const bytes = [
      0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 5, 1, 1, 102, 0,
      0, 10, 9, 1, 7, 0, 32, 0, 40, 2, 0, 11,
    ];
    const { instance } = await assembly.instantiate(Uint8Array.from(bytes));
    const load = instance.exports.f;
    const watched = engine.upgrade({ Totals: elementSource('Totals1b') }, { canary: 1, watch: 500 });
    for (let i = 0; i < 100; ++i) {
      t.throws(() => load(0x7fff_0000), { name: 'RuntimeError' });
      t.equal(load(i), 0);
      t.equal(Array.from({ length: 10_000 }, (_, n) => ({ n })).length, 10_000);
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await watched;
    t.throws(() => load(0x7fff_0000), { name: 'RuntimeError' });
  },
);
