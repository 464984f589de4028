import t from 'tap';
import { type BreakFeatures, type BreakParts, fitBreaks, type Observation } from './break-model.ts';

const seed = Math.floor(Math.random() * 2 ** 32);
t.comment(`seed ${seed}`);
let state = seed || 1;
/** From 0 to 1; xorshift32. */
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

const prior: BreakParts = { base: 1500, first: 500, element: 60, byte: 0.5 };
const features = (elements: number, bytes = 0, first = false): BreakFeatures => ({ elements, bytes, first });
const near = (value: number, wanted: number, share: number) => Math.abs(value / wanted - 1) <= share;

/** Upgrades of a machine whose breaks follow these parts, with some noise, and now and then a preempted shard. */
function observe(parts: BreakParts, n: number, preempted = 0): Observation[] {
  return Array.from({ length: n }, () => {
    const one = features(
      1 + Math.floor(random() * 50),
      random() < 0.5 ? 0 : random() * 10_000,
      random() < 0.5,
    );
    const exact =
      parts.base + (one.first ? parts.first : 0) + parts.element * one.elements + parts.byte * one.bytes;
    const factor = random() < preempted ? 50 : 0.9 + 0.2 * random();
    return { ...one, breakNs: exact * factor };
  });
}

t.test('without a history the prior is expected', async (t) => {
  const model = fitBreaks(prior, []);
  t.equal(model.expect(features(1, 0, true)), 2060);
  t.equal(model.expect(features(10, 1000)), 2600);
  t.equal(model.limit(features(1, 0, true)), 4 * 2060);
});

t.test('the parts of a machine are found, also beside preempted breaks', async (t) => {
  const machine: BreakParts = { base: 4000, first: 3000, element: 200, byte: 2 };
  for (const preempted of [0, 0.1]) {
    const model = fitBreaks(prior, observe(machine, 200, preempted));
    for (const [one, wanted] of [
      [features(1), 4200],
      [features(50), 14_000],
      [features(1, 0, true), 7200],
      [features(10, 8000), 22_000],
    ] as const) {
      const found = model.expect(one);
      t.ok(near(found, wanted, 0.15), `${found} for ${wanted}, ${preempted} preempted`);
    }
  }
});

t.test('nine of ten breaks are below the limit', async (t) => {
  const seen = observe({ base: 2000, first: 0, element: 100, byte: 1 }, 300, 0.05);
  const model = fitBreaks(prior, seen);
  const below = seen.filter((one) => one.breakNs <= model.limit(one)).length / seen.length;
  t.ok(below >= 0.88 && below < 0.96, `${below}`);
});

t.test('a few observations move the expectation towards them, wherever they are', async (t) => {
  for (const breakNs of [20_000, 300, 1]) {
    const one = { ...features(1, 0, true), breakNs };
    const found = fitBreaks(prior, [one, one, one]).expect(one);
    t.ok(near(found, breakNs, 0.1), `${found} for ${breakNs}`);
  }
});
