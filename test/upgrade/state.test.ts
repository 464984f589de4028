import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { elementSource, until, untilGrown } from './traffic.ts';

const configuration = `
  src :: RatedSource(RATE 20000) -> totals :: Totals -> out :: Discard;
`;

/** An engine whose Totals is version 1, from a directory of its own. */
async function startWithTotals(t: Test, threads = 2): Promise<Engine> {
  const directory = t.testdir({});
  const library = await buildElement(elementSource('Totals1'));
  copyFileSync(library, join(directory, 'Totals.so'));
  const engine = await Engine.start({ configuration, threads, libraryPath: [directory] });
  t.teardown(() => engine.stop());
  return engine;
}

t.test(
  'static variables of a library are mapped over, not copied: the same layout goes on counting',
  async (t) => {
    const engine = await startWithTotals(t);
    const before = await until(engine, 'totals.packets', 100);
    const report = await engine.upgrade({ Totals: elementSource('Totals1b') });
    t.match(
      report.actions.find(({ element }) => element === 'totals'),
      {
        kind: 'adopt',
        reasons: ['library'],
        versions: { from: '1.0.0', to: '1.1.0' },
        states: [
          { name: 'total', kind: 'section', how: 'mapped' },
          { name: 'lengths', kind: 'table', how: 'adopted' },
        ],
      },
    );
    t.ok(Number(await engine.read('totals.packets')) >= before, 'no count was lost');
    t.match(
      readFileSync('/proc/self/maps', 'utf8'),
      /memfd:hotclick-section-Totals/,
      'the pages are shared memory',
    );
    const after = await untilGrown(engine, 'totals.packets');
    t.ok(after > before, 'the new version counts on in the same pages');
  },
);

t.test('a changed layout is converted by field name, and the author adds what that cannot', async (t) => {
  const engine = await startWithTotals(t, 1);
  const before = await until(engine, 'totals.packets', 100);
  const table = (await engine.read('totals.lengths')).trim().split(' ').map(Number);
  await engine.upgrade({ Totals: elementSource('Totals2') });
  t.ok(Number(await engine.read('totals.packets')) >= before, 'widened from 32 to 64 bits');
  const [length, packets, beforeUpgrade] = (await engine.read('totals.lengths'))
    .trim()
    .split(' ')
    .map(Number);
  t.equal(length, table[0]);
  t.ok(packets! >= table[1]!, 'the record was carried over');
  t.equal(beforeUpgrade, packets, "the author's function ran");

  await engine.rollback();
  const back = (await engine.read('totals.lengths')).trim().split(' ').map(Number);
  t.ok(back[1]! >= packets!, 'and back again, by name');
  t.ok(Number(await engine.read('totals.packets')) >= before);
});

t.test('a layout that changed without its version is refused', async (t) => {
  const engine = await startWithTotals(t);
  await t.rejects(engine.upgrade({ Totals: elementSource('same-version-other-layout') }), {
    code: 'HC_STATE_SCHEMA',
    message: /the layout changed but the schema version 1 did not/,
  });
  await untilGrown(engine, 'totals.packets');
});

t.test('old libraries leave the process', async (t) => {
  const engine = await startWithTotals(t, 2);
  const loaded = () =>
    new Set(
      [...readFileSync('/proc/self/maps', 'utf8').matchAll(/(\d+)\s+\/memfd:hotclick-element/g)].map(
        (match) => match[1],
      ),
    ).size;
  const before = loaded();
  for (let i = 0; i < 5; ++i) {
    await engine.upgrade({ Totals: elementSource('Totals1b') });
    await engine.rollback();
  }
  t.equal(loaded(), before, 'as many element libraries are mapped as before ten upgrades');
});

t.test('a plan tells what a rollback will not bring back', async (t) => {
  const engine = await startWithTotals(t, 1);
  const plan = await engine.upgrade({ Totals: elementSource('Totals2') }, { dryRun: true });
  t.match(plan.verify?.warnings, [
    "Totals, state 'total': no down_to(1): a rollback carries fields of equal name over and loses 'bytes'",
    /state 'lengths'/,
  ]);
  const same = await engine.upgrade({ Totals: elementSource('Totals1b') }, { dryRun: true });
  t.same(same.verify?.warnings, []);
});
