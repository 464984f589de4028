import t from 'tap';
import { BenchmarkUsageError } from '../benchmark.ts';
import { combinations, parseUpgradeOptions, placeApart } from './options.ts';

t.test('without options every combination is measured', async (t) => {
  const options = parseUpgradeOptions([], 2);
  t.equal(options.runs, 20);
  t.same(options.placement, {}, 'the scheduler chooses the CPUs');
  t.same(
    combinations(options).map(({ strategy, rate, records, shards }) => [records, strategy, rate, shards]),
    [
      [0, 'swap', 50_000, 2],
      [0, 'swap', 100_000, 2],
      [0, 'thread', 50_000, 2],
      [0, 'thread', 100_000, 2],
      [1_000_000, 'swap', 50_000, 2],
      [1_000_000, 'swap', 100_000, 2],
      [1_000_000, 'thread', 50_000, 2],
      [1_000_000, 'thread', 100_000, 2],
    ],
  );
});

t.test('lists and numbers', async (t) => {
  const argv = '--strategy thread --rate 1000,2000 --runs 3 --records 5 --shards 1,2 --settle 50 --json';
  const options = parseUpgradeOptions(argv.split(' '), 2);
  t.match(options, { strategies: ['thread'], rates: [1000, 2000], runs: 3, settleMs: 50, json: true });
  t.equal(combinations(options).length, 4);
});

t.test('quick is short, and what is named besides holds', async (t) => {
  const quick = parseUpgradeOptions(['--quick'], 2);
  t.match(quick, { rates: [50_000], records: [0], runs: 4 });
  t.match(parseUpgradeOptions(['--quick', '--runs', '9', '--records', '7'], 2), { runs: 9, records: [7] });
});

t.test('apart: the generator has a CPU of its own where there are enough', async (t) => {
  t.same(placeApart(2, 4), { generator: 0, sink: 1, shards: [3, 2] });
  t.same(placeApart(1, 2), { generator: 0, sink: 0, shards: [1] });
  t.same(placeApart(2, 2), { generator: 0, sink: 0, shards: [1, 0] }, 'two CPUs are too few');
  t.same(placeApart(3, 1), { generator: 0, sink: 0, shards: [0, 0, 0] });
  t.same(parseUpgradeOptions(['--apart', '--sink-cpu', '1'], 2).placement, {
    generator: 0,
    sink: 1,
    shards: [1, 0],
  });
});

t.test('what makes no sense is refused with the option named', async (t) => {
  const refused: [string, RegExp][] = [
    ['--strategy jump', /no strategy 'jump'/],
    ['--rate 0', /--rate .*'0'/],
    ['--rate 10,,20', /--rate .*''/],
    ['--records -1', /--records|ambiguous/],
    ['--runs 1.5', /--runs .*'1\.5'/],
    ['--engine-cpus a', /--engine-cpus .*'a'/],
    ['--speed 3', /--speed/],
    ['extra', /extra/],
  ];
  for (const [argv, message] of refused) {
    t.throws(() => parseUpgradeOptions(argv.split(' '), 2), message, argv);
    t.throws(() => parseUpgradeOptions(argv.split(' '), 2), BenchmarkUsageError);
  }
});
