import t from 'tap';
import { decades, durationText, medianOf } from './durations.ts';

t.test('a duration has the unit that fits', async (t) => {
  t.same([0.42, 2.26, 950, 1500, 26_400_000].map(durationText), [
    '0.4 µs',
    '2.3 µs',
    '950 µs',
    '1.5 ms',
    '26 s',
  ]);
});

t.test('the scale goes from the decade below to the decade above', async (t) => {
  t.same(decades(1.5, 80), [1, 10, 100]);
  t.same(decades(1, 1000), [1, 10, 100, 1000]);
});

t.test('a median is one of the values', async (t) => {
  t.equal(medianOf([9, 1, 4, 2]), 2);
  t.ok(Number.isNaN(medianOf([])));
});
