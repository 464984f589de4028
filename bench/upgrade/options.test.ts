import t from 'tap';
import { BenchmarkUsageError } from '../benchmark.ts';
import { parseUpgradeOptions } from './options.ts';

t.test('what is not said is left to the strategies', async (t) => {
  const options = parseUpgradeOptions([], 2);
  t.match(options, { strategies: undefined, rates: undefined, records: undefined, runs: undefined });
  t.match(options, { settleMs: 400, trialMs: 1000, connections: 6, command: {}, quick: false });
});

t.test('lists and numbers', async (t) => {
  const argv = '--strategy thread,swap --rate 1000,2000 --runs 3 --records 5 --shards 1,2 --settle 50 --json';
  t.match(parseUpgradeOptions(argv.split(' '), 2), {
    strategies: ['thread', 'swap'],
    rates: [1000, 2000],
    records: [5],
    shards: [1, 2],
    runs: 3,
    settleMs: 50,
    json: true,
  });
  t.same(parseUpgradeOptions(['--experiment', 'none'], 2).experiments, []);
});

t.test('the generator has a CPU of its own where there are enough', async (t) => {
  const { placement } = parseUpgradeOptions([], 2);
  t.same(placement(1), { generator: 0, sink: 0, shards: [1] });
  t.same(placement(2), {}, 'two CPUs are too few for two shards: the scheduler chooses');
  const own = parseUpgradeOptions(['--apart', '--sink-cpu', '1'], 2);
  t.same(own.placement(2), { generator: 0, sink: 1, shards: [1, 0] });
});

t.test('what makes no sense is refused with the option named', async (t) => {
  const refused: [string, RegExp][] = [
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

t.test('a system behind adapters of this machine', async (t) => {
  const { command } = parseUpgradeOptions(['--adapters', 'eth1,eth2', '--command', 'ssh pi sudo reboot'], 2);
  t.same(command, { change: 'ssh pi sudo reboot', adapters: { client: 'eth1', server: 'eth2' } });
  for (const wrong of ['eth1', 'eth1,eth1', 'a,b,c', ''])
    t.throws(() => parseUpgradeOptions(['--adapters', wrong], 2), BenchmarkUsageError);
});
