import t from 'tap';
import { BenchmarkUsageError } from '../benchmark.ts';
import { parseUpgradeOptions } from './options.ts';
import { chooseExperiments } from './run-experiments.ts';

const names = (argv: string[], done: Record<string, unknown>[] = []) =>
  chooseExperiments(parseUpgradeOptions(argv, 2), done).map(({ name }) => name);

t.test('experiments belong to the whole measurement, and are left out of a part of it', async (t) => {
  t.same(names([]), ['elements', 'downloads', 'nat', 'schema', 'timeline']);
  t.same(names(['--quick']), []);
  t.same(names(['--strategy', 'swap']), []);
  t.same(names(['--experiment', 'none']), []);
});

t.test('named ones are run, but not those that the file has', async (t) => {
  t.same(names(['--quick', '--experiment', 'nat,schema']), ['nat', 'schema']);
  t.same(names([], [{ experiment: 'elements', replaced: 1 }]), ['downloads', 'nat', 'schema', 'timeline']);
  t.throws(() => names(['--experiment', 'luck']), BenchmarkUsageError);
});
