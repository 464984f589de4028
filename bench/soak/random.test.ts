import t from 'tap';
import { Random } from './random.ts';

t.test('a seed repeats its choices, another has others', async (t) => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1000));
  };
  t.same(draw(7), draw(7));
  t.notSame(draw(7), draw(8));
});

t.test('choices come as often as they weigh', async (t) => {
  const random = new Random(3);
  const counts = { often: 0, seldom: 0, never: 0 };
  for (let i = 0; i < 10_000; ++i) {
    ++counts[
      random.weighted([
        { weight: 9, choice: 'often' as const },
        { weight: 1, choice: 'seldom' as const },
        { weight: 0, choice: 'never' as const },
      ])
    ];
  }
  t.equal(counts.never, 0);
  t.ok(counts.often > 8500 && counts.seldom > 700, JSON.stringify(counts));
});
