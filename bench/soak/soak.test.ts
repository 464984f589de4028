/** The soak itself, short: everything it does is done at least once in some seeds, and nothing is wrong. */
import t from 'tap';
import { soak } from './soak.ts';
import { swaps } from './swaps.ts';

t.setTimeout(180_000);

const seed = Number(process.env.SEED ?? 20_261_125);

t.test('some operations under traffic', async (t) => {
  t.comment(`SEED=${seed}`);
  const done: string[] = [];
  const summary = await soak({ seconds: 10, seed, json: false }, ({ kind }) => done.push(kind));
  t.same(summary.violations, []);
  t.equal(
    done.length,
    Object.values(summary.operations).reduce((sum, count) => sum + count, 0),
  );
  t.ok(summary.changes > 0 && summary.checks > 0 && summary.packets.sent > 10_000);
});

t.test('some swaps in memory: old libraries go', async (t) => {
  const summary = await swaps({ swaps: 30 }, () => {});
  t.match(summary, { swaps: 30, lost: 0 });
  t.ok(summary.libraries <= summary.classes, `${summary.libraries} of ${summary.classes}`);
});
