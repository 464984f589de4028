import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { elementSource, until } from './traffic.ts';

t.setTimeout(120_000);

const configuration = 'RatedSource(RATE 20000) -> totals :: Totals -> out :: Discard;';

/** A directory whose Totals is version 1. */
async function withTotals(t: Test): Promise<string> {
  const directory = t.testdir({});
  copyFileSync(await buildElement(elementSource('Totals1')), join(directory, 'Totals.so'));
  return directory;
}

t.test('the plan predicts each shard’s break, and the report has it beside what was measured', async (t) => {
  const directory = await withTotals(t);
  const breakHistory = join(directory, 'breaks.jsonl');
  const engine = await Engine.start({ configuration, threads: 2, breakHistory, libraryPath: [directory] });
  t.teardown(() => engine.stop());
  await until(engine, 'out.count', 100);

  const change = { Totals: elementSource('Totals2') };
  const plan = await engine.upgrade(change, { dryRun: true });
  t.match(plan.prediction, { basis: 'prior', upgrades: 0, shards: [{ shard: 0 }, { shard: 1 }] });
  t.ok(plan.prediction!.shards.every(({ breakNs, limitNs }) => breakNs > 0 && limitNs > breakNs));
  t.same(plan.breaks, []);

  const done = await engine.upgrade(change);
  t.same(done.prediction, plan.prediction, 'a dry run is no measurement');
  t.equal(done.breaks.length, 2);
  const next = await engine.rollback();
  t.match(next.prediction, { basis: 'history', upgrades: 1 });
  t.match((await engine.upgrade(change, { strategy: 'thread' })).prediction, { basis: 'prior' });
});

t.test(
  'the plan names the states with their bytes, records and converters, and what a rollback would lose',
  async (t) => {
    const engine = await Engine.start({ configuration, libraryPath: [await withTotals(t)] });
    t.teardown(() => engine.stop());
    await until(engine, 'out.count', 100);
    const { actions } = await engine.upgrade({ Totals: elementSource('Totals2') }, { dryRun: true });
    const { states } = actions.find(({ element }) => element === 'totals')!;
    t.match(states, [
      { name: 'total', kind: 'section', how: 'converted', conversion: { from: 1, to: 2 } },
      {
        name: 'lengths',
        kind: 'table',
        how: 'converted',
        records: 1,
        conversion: { from: 1, to: 2, converter: 'up_from(1)' },
      },
    ]);
    t.match(states[0]!.conversion, { back: 'fields of equal name', lostByRollback: ['bytes'] });
    t.ok(states[1]!.bytes > 4096);
  },
);
