import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchmarkUsageError } from '../benchmark.ts';
import type { Experiment } from './experiments/experiment.ts';
import { experiments } from './experiments/index.ts';
import type { UpgradeBenchOptions } from './options.ts';
import type { ResultLine } from './result-file.ts';

const usualRuns = 20;

/** All of them, unless the command line names some, or strategies, or is in a hurry. @throws BenchmarkUsageError */
export function chooseExperiments(
  {
    experiments: names,
    strategies,
    quick,
  }: Pick<UpgradeBenchOptions, 'experiments' | 'strategies' | 'quick'>,
  done: readonly ResultLine[],
): Experiment[] {
  const usual = quick || strategies !== undefined ? [] : experiments;
  const chosen = names?.map((name) => {
    const found = experiments.find((one) => one.name === name);
    if (found) return found;
    const all = experiments.map((one) => one.name).join(', ');
    throw new BenchmarkUsageError(`there is no experiment '${name}'; there are ${all}`);
  });
  return (chosen ?? [...usual]).filter(({ name }) => !done.some(({ experiment }) => experiment === name));
}

export function secondsOf(experiment: Experiment, { runs }: Pick<UpgradeBenchOptions, 'runs'>): number {
  return experiment.seconds(runs ?? usualRuns);
}

/** The lines of one experiment are told when all of them are there: half of one is none. */
export async function runExperiment(
  experiment: Experiment,
  { runs, settleMs, trialMs, placement }: UpgradeBenchOptions,
  say: (text: string) => void,
): Promise<ResultLine[]> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-experiment-'));
  const lines: ResultLine[] = [];
  try {
    const setting = { directory, runs: runs ?? usualRuns, settleMs, trialMs, placement, say };
    for await (const line of experiment.run(setting)) lines.push(line);
    return lines;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
