import t from 'tap';
import { fitLine, isFlat } from './flatness.ts';
import { Random } from './random.ts';

const samples = (value: (at: number) => number) =>
  Array.from({ length: 200 }, (_, i) => ({ at: i * 50, value: value(i * 50) }));

t.test('a steady value is flat, however it wobbles', async (t) => {
  const random = new Random(5);
  t.ok(isFlat(fitLine(samples(() => 1000 + random.below(100))), 20));
  t.ok(isFlat(fitLine(samples(() => 7)), 0));
});

t.test('a slow leak is found under noise that is larger than a step of it', async (t) => {
  const random = new Random(6);
  const fit = fitLine(samples((at) => 1000 + at * 0.1 + random.below(100)));
  t.notOk(isFlat(fit, 100));
  t.ok(fit.growth > 700 && fit.growth < 900, `${fit.growth}`);
});

t.test('what is filled once at the beginning is no leak', async (t) => {
  t.ok(isFlat(fitLine(samples((at) => (at < 1500 ? at : 1500))), 10));
});

t.test('no samples are flat', async (t) => {
  t.ok(isFlat(fitLine([]), 0));
});
