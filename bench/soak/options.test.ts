import t from 'tap';
import { readOptions, SoakUsageError } from './options.ts';

const read = (...argv: string[]) => readOptions(argv, () => 42);

t.test('minutes, seed, captures and swaps', async (t) => {
  t.same(read(), { seconds: 600, seed: 42, json: false });
  t.same(read('--minutes', '0.5', '--seed', '7', '--json'), { seconds: 30, seed: 7, json: true });
  t.same(read('--swaps', '10000', '--captures', 'dir'), {
    seconds: 600,
    seed: 42,
    json: false,
    captures: 'dir',
    swaps: 10_000,
  });
});

t.test('what is no number, or no option, is refused', async (t) => {
  for (const argv of [['--minutes', 'ten'], ['--seed', '-1'], ['--swaps', '0'], ['--speed', '3'], ['stray']])
    t.throws(() => read(...argv), SoakUsageError, argv.join(' '));
});
