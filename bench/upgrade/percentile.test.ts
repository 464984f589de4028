import t from 'tap';
import { percentilesOf } from './percentile.ts';

t.test('a percentile is the least figure that so many are not above', async (t) => {
  const samples = Array.from({ length: 200 }, (_, i) => 200 - i);
  t.same(percentilesOf(samples), { p50: 100, p99: 198, max: 200 });
});

t.test('with few samples the 99th percentile is the largest', async (t) => {
  t.same(percentilesOf([3, 1, 2]), { p50: 2, p99: 3, max: 3 });
  t.same(percentilesOf([7]), { p50: 7, p99: 7, max: 7 });
});

t.test('the samples are left in their order', async (t) => {
  const samples = [3, 1, 2];
  percentilesOf(samples);
  t.same(samples, [3, 1, 2]);
});

t.test('without samples there is no figure', async (t) => {
  t.same(percentilesOf([]), { p50: Number.NaN, p99: Number.NaN, max: Number.NaN });
});
