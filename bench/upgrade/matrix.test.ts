import t from 'tap';
import { BenchmarkUsageError } from '../benchmark.ts';
import { chooseStrategies, estimateSeconds, groupsOf, withoutDone } from './matrix.ts';
import { parseUpgradeOptions } from './options.ts';
import type { UpgradeStrategy } from './system.ts';

function strategy(name: string, more: Partial<UpgradeStrategy> = {}): UpgradeStrategy {
  return {
    name,
    summary: '',
    lab: {},
    changeSeconds: 1,
    missing: async () => undefined,
    start: () => Promise.reject(new Error('not to be started')),
    ...more,
  };
}

const swap = strategy('swap');
const peer = strategy('peer', { fromOutside: true, usual: { records: [0], shards: [1], runs: 5 } });
const absent = strategy('absent', { missing: async () => 'it is not installed' });
const options = (...argv: string[]) => parseUpgradeOptions(argv, 2);

t.test('without options the whole matrix is measured, of a peer what makes sense for it', async (t) => {
  const rates = [10_000, 50_000, 100_000, 200_000];
  t.same(
    groupsOf(swap, options()).map(({ records, shards }) => [shards, records]),
    [1, 2].flatMap((shards) => [0, 10_000, 1_000_000].map((records) => [shards, records])),
  );
  t.match(groupsOf(swap, options())[0], { rates, runs: 20 });
  t.match(groupsOf(peer, options()), [{ rates, records: 0, shards: 1, runs: 5 }]);
});

t.test('what the command line says holds for all', async (t) => {
  const groups = groupsOf(peer, options('--rate', '7', '--records', '3,4', '--shards', '2', '--runs', '9'));
  t.match(groups, [
    { rates: [7], records: 3, shards: 2, runs: 9 },
    { rates: [7], records: 4, shards: 2, runs: 9 },
  ]);
});

t.test('what cannot be measured here is left out and said, unless it was asked for', async (t) => {
  const said: string[] = [];
  const say = ({ name }: UpgradeStrategy, why: string) => void said.push(`${name}: ${why}`);
  t.same(await chooseStrategies([swap, absent, peer], options(), say), [swap, peer]);
  t.same(said, ['absent: it is not installed']);
  t.same(await chooseStrategies([swap, peer], options('--quick'), say), [swap], 'peers take longer');
  t.same(await chooseStrategies([swap, peer], options('--strategy', 'peer', '--quick'), say), [peer]);
  await t.rejects(chooseStrategies([absent], options('--strategy', 'absent'), say), BenchmarkUsageError);
  await t.rejects(chooseStrategies([swap], options('--strategy', 'jump'), say), /no strategy 'jump'/);
});

t.test('the estimate grows with what there is to do', async (t) => {
  const seconds = (...argv: string[]) =>
    groupsOf(swap, options(...argv)).reduce(
      (sum, group) => sum + estimateSeconds(group, options(...argv)),
      0,
    );
  t.ok(seconds('--quick') < 20);
  t.ok(seconds() > seconds('--runs', '5'));
  t.ok(seconds('--records', '1000000') > seconds('--records', '0'));
});

t.test('rows that a file has already are not measured again', async (t) => {
  const groups = groupsOf(peer, options('--rate', '1,2'));
  const row = { strategy: 'peer', records: 0, shards: 1, rate_pps: 1 };
  t.match(withoutDone(groups, [row]), [{ rates: [2] }]);
  t.same(withoutDone(groups, [row, { ...row, rate_pps: 2 }]), []);
  t.match(
    withoutDone(groups, [
      { ...row, shards: 2 },
      { ...row, experiment: 'elements' },
    ]),
    [{ rates: [1, 2] }],
  );
});
