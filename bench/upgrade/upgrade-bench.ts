/**
 * Upgrades under traffic: what a change of an element's code costs the packets that flow through it. The method is that
 * of a reconfiguration test: hold a rate at which nothing is lost without a change, change, and count (RFC 6201 for the
 * reset of a device; the Reconf tests of FD.io CSIT for a change of configuration).
 */
import { availableParallelism } from 'node:os';
import type { Benchmark } from '../benchmark.ts';
import { enterUserNamespace } from '../lab/privilege.ts';
import { machine } from '../machine.ts';
import { figuresOf } from './figures.ts';
import { type CombinationGroup, chooseStrategies, estimateSeconds, groupsOf } from './matrix.ts';
import { measureUpgrades } from './measure-upgrades.ts';
import { parseUpgradeOptions, type UpgradeBenchOptions, usage } from './options.ts';
import { addResult, type ResultLine, resultsSoFar } from './result-file.ts';
import { rowOf, type UpgradeRow } from './row.ts';
import { upgradeStrategies } from './strategies/index.ts';
import { renderRows } from './upgrade-table.ts';

export const upgradeBenchmark: Benchmark = {
  summary: 'packets, records and connections lost by upgrades under traffic, and how long they stop a shard',
  usage,
  async run(argv) {
    const options = parseUpgradeOptions(argv, availableParallelism());
    const privilege = await enterUserNamespace();
    if (privilege.kind === 'delegated') {
      process.exitCode = privilege.exitStatus;
      return;
    }
    const say = progress();
    const strategies = await chooseStrategies(upgradeStrategies(options.command), options, ({ name }, why) =>
      say(`${name} is left out: ${why}`),
    );
    const done = options.save === undefined ? [] : await resultsSoFar(options.save);
    const groups = strategies
      .flatMap((strategy) => groupsOf(strategy, options))
      .flatMap((group) => left(group, done));
    const minutes = groups.reduce((sum, group) => sum + estimateSeconds(group, options), 0) / 60;
    for (const { strategy, records, shards, rates, runs } of options.list ? groups : []) {
      print(
        `${strategy.name}: ${records} records, ${shards} shards, ${rates.join(', ')} packets/s, ${runs} runs`,
      );
    }
    say(`${groups.flatMap(({ rates }) => rates).length} combinations, about ${minutes.toFixed(0)} minutes`);
    if (!options.list) await measureAll(groups, options, say);
  },
};

async function measureAll(
  groups: readonly CombinationGroup[],
  options: UpgradeBenchOptions,
  say: (text: string) => void,
): Promise<void> {
  const rows: UpgradeRow[] = [];
  for (const group of groups) {
    say(`${group.strategy.name}, ${group.records} records, ${group.shards} shards`);
    for await (const measurement of measureUpgrades(group, options, (text) => say(`  ${text}`))) {
      const row = rowOf(measurement, figuresOf(measurement));
      rows.push(row);
      if (options.save !== undefined) await addResult(options.save, row);
      if (options.json) print(JSON.stringify(row));
    }
  }
  if (options.json) return;
  const { cpu, cores, kernel, node } = machine;
  print(`\n${cpu}, ${cores} CPUs, Linux ${kernel}, Node ${node}\n\n${renderRows(rows)}`);
}

/** The group without the rows that are there already; none when all are. */
function left(group: CombinationGroup, done: readonly ResultLine[]): CombinationGroup[] {
  const { strategy, records, shards } = group;
  const rates = group.rates.filter(
    (rate) =>
      !done.some(
        (row) =>
          row.strategy === strategy.name &&
          row.rate_pps === rate &&
          row.records === records &&
          row.shards === shards,
      ),
  );
  return rates.length === 0 ? [] : [{ ...group, rates }];
}

/** What is under way, on standard error. */
function progress(): (text: string) => void {
  const begin = performance.now();
  return (text) => {
    const seconds = ((performance.now() - begin) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds}s  ${text}\n`);
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
