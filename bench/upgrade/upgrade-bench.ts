/**
 * Upgrades under traffic: what a change of an element's code costs the packets that flow through it. The method is that
 * of a reconfiguration test: hold a rate at which nothing is lost without a change, change, and count (RFC 6201 for the
 * reset of a device; the Reconf tests of FD.io CSIT for a change of configuration).
 */
import { availableParallelism } from 'node:os';
import type { Benchmark } from '../benchmark.ts';
import { enterUserNamespace } from '../lab/privilege.ts';
import { machine } from '../machine.ts';
import type { Experiment } from './experiments/experiment.ts';
import { figuresOf } from './figures.ts';
import { type CombinationGroup, chooseStrategies, estimateSeconds, groupsOf, withoutDone } from './matrix.ts';
import { measureUpgrades } from './measure-upgrades.ts';
import { parseUpgradeOptions, type UpgradeBenchOptions, usage } from './options.ts';
import { addResult, type ResultLine, resultsSoFar } from './result-file.ts';
import { rowOf, type UpgradeRow } from './row.ts';
import { chooseExperiments, runExperiment, secondsOf } from './run-experiments.ts';
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
    const done = options.save === undefined ? [] : await resultsSoFar(options.save);
    const experiments = chooseExperiments(options, done);
    const groups = withoutDone(await chooseGroups(options, say), done);
    const seconds = [
      ...groups.map((group) => estimateSeconds(group, options)),
      ...experiments.map((experiment) => secondsOf(experiment, options)),
    ].reduce((sum, one) => sum + one, 0);
    if (options.list) list(groups, experiments);
    const combinations = groups.flatMap(({ rates }) => rates).length;
    say(
      `${combinations} combinations and ${experiments.length} experiments: about ${Math.ceil(seconds / 60)} minutes`,
    );
    if (!options.list) await new Measuring(options, say).measure(groups, experiments);
  },
};

async function chooseGroups(
  options: UpgradeBenchOptions,
  say: (text: string) => void,
): Promise<CombinationGroup[]> {
  // Experiments alone, when only these are named.
  if (options.experiments?.length && options.strategies === undefined) return [];
  const strategies = await chooseStrategies(upgradeStrategies(options.command), options, ({ name }, why) =>
    say(`${name} is left out: ${why}`),
  );
  return strategies.flatMap((strategy) => groupsOf(strategy, options));
}

class Measuring {
  readonly #options: UpgradeBenchOptions;
  readonly #say: (text: string) => void;
  readonly #rows: UpgradeRow[] = [];

  constructor(options: UpgradeBenchOptions, say: (text: string) => void) {
    this.#options = options;
    this.#say = say;
  }

  async measure(groups: readonly CombinationGroup[], experiments: readonly Experiment[]): Promise<void> {
    const say = (text: string) => this.#say(`  ${text}`);
    for (const group of groups) {
      this.#say(`${group.strategy.name}, ${group.records} records, ${group.shards} shards`);
      for await (const measurement of measureUpgrades(group, this.#options, say)) {
        const row = rowOf(measurement, figuresOf(measurement));
        this.#rows.push(row);
        await this.#add(row);
      }
    }
    for (const experiment of experiments) {
      this.#say(`${experiment.name}: ${experiment.summary}`);
      for (const line of await runExperiment(experiment, this.#options, say)) {
        await this.#add(line);
        if (!this.#options.json) print(found(line));
      }
    }
    if (this.#options.json || this.#rows.length === 0) return;
    const { cpu, cores, kernel, node } = machine;
    print(`\n${cpu}, ${cores} CPUs, Linux ${kernel}, Node ${node}\n\n${renderRows(this.#rows)}`);
  }

  async #add(line: ResultLine): Promise<void> {
    if (this.#options.save !== undefined) await addResult(this.#options.save, line);
    if (this.#options.json) print(JSON.stringify(line));
  }
}

function list(groups: readonly CombinationGroup[], experiments: readonly Experiment[]): void {
  for (const { strategy, records, shards, rates, runs } of groups) {
    print(
      `${strategy.name}: ${records} records, ${shards} shards, ${rates.join(', ')} packets/s, ${runs} runs`,
    );
  }
  for (const { name, summary } of experiments) print(`${name}: ${summary}`);
}

/** What an experiment found out, without samples and packets. */
function found({
  samples: _,
  packets: __,
  arrivals_per_ms: ___,
  machine: ____,
  ...line
}: ResultLine): string {
  return JSON.stringify(line, null, 1);
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
