/** Which combinations of strategy, rate, records and shards are measured, and how long that takes. */
import { BenchmarkUsageError } from '../benchmark.ts';
import type { UpgradeBenchOptions } from './options.ts';
import type { ResultLine } from './result-file.ts';
import type { UpgradeStrategy } from './system.ts';

/** One row of the result. */
export interface Combination {
  readonly strategy: string;
  readonly rate: number;
  readonly records: number;
  readonly shards: number;
}

/** Rows that one system is started and filled for. */
export interface CombinationGroup {
  readonly strategy: UpgradeStrategy;
  readonly rates: readonly number[];
  readonly records: number;
  readonly shards: number;
  readonly runs: number;
}

const whole = {
  rates: [10_000, 50_000, 100_000, 200_000],
  records: [0, 10_000, 1_000_000],
  shards: [1, 2],
  runs: 20,
};
const quick = { rates: [50_000], records: [0], shards: [2], runs: 3 };

/** The named strategies, or all that can be measured here. @throws BenchmarkUsageError */
export async function chooseStrategies(
  known: readonly UpgradeStrategy[],
  { strategies: names, quick }: Pick<UpgradeBenchOptions, 'strategies' | 'quick'>,
  leftOut: (strategy: UpgradeStrategy, why: string) => void,
): Promise<UpgradeStrategy[]> {
  if (names === undefined) {
    const chosen: UpgradeStrategy[] = [];
    for (const strategy of known) {
      if (quick && strategy.fromOutside) continue;
      const why = await strategy.missing();
      if (why === undefined) chosen.push(strategy);
      else leftOut(strategy, why);
    }
    return chosen;
  }
  return Promise.all(
    names.map(async (name) => {
      const strategy = known.find((one) => one.name === name);
      const all = known.map((one) => one.name).join(', ');
      if (!strategy) throw new BenchmarkUsageError(`there is no strategy '${name}'; there are ${all}`);
      const why = await strategy.missing();
      if (why !== undefined) throw new BenchmarkUsageError(`'${name}' cannot be measured here: ${why}`);
      return strategy;
    }),
  );
}

/** What the command line says comes first, then what is usual for the strategy. */
export function groupsOf(strategy: UpgradeStrategy, options: UpgradeBenchOptions): CombinationGroup[] {
  const usual = { ...(options.quick ? quick : whole), ...strategy.usual };
  const rates = options.rates ?? usual.rates;
  return (options.shards ?? usual.shards).flatMap((shards) =>
    (options.records ?? usual.records).map((records) => ({
      strategy,
      rates,
      records,
      shards,
      runs: options.runs ?? usual.runs,
    })),
  );
}

/** The groups without the rows that are there already. */
export function withoutDone(
  groups: readonly CombinationGroup[],
  done: readonly ResultLine[],
): CombinationGroup[] {
  return groups.flatMap((group) => {
    const { strategy, records, shards } = group;
    const of = done.filter(
      (line) =>
        line.experiment === undefined &&
        line.strategy === strategy.name &&
        line.records === records &&
        line.shards === shards,
    );
    const rates = group.rates.filter((rate) => !of.some(({ rate_pps }) => rate_pps === rate));
    return rates.length === 0 ? [] : [{ ...group, rates }];
  });
}

/** s, roughly, on two CPUs that have nothing else to do. */
export function estimateSeconds(
  { strategy, rates, records, runs }: CombinationGroup,
  { settleMs, trialMs }: Pick<UpgradeBenchOptions, 'settleMs' | 'trialMs'>,
): number {
  const startAndFill = 3 + records / 60_000;
  const change = strategy.changeSeconds + settleMs / 1000;
  const row =
    2 + trialMs / 1000 + runs * (Math.max(strategy.changeSeconds, settleMs / 1000) + change) + change;
  return startAndFill + rates.length * (row + records / 100_000);
}
