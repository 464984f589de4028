/** The command line of the datapath benchmark. */
import { parseArgs } from 'node:util';
import { BenchmarkUsageError } from '../benchmark.ts';
import type { Clock } from './measure-datapath.ts';
import { type Scenario, scenarios } from './scenarios.ts';

export interface DatapathOptions {
  readonly scenarios: readonly Scenario[];
  readonly threads: readonly number[];
  readonly runs: number;
  readonly clock: Clock;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly store: boolean;
  readonly directory: string | undefined;
  readonly json: boolean;
}

const leastRuns = 5;
const leastMeasureMs = 1000;
const leastWarmUpMs = 500;

export const usage = `usage: npm run bench -- datapath [options]

  --scenario NAME,…  ${scenarios.map(({ name }) => name).join(', ')} (default: all)
  --threads N,…      shards, each on a CPU of its own (default: 1,2)
  --runs N           measurements of each, at least ${leastRuns} (default: ${leastRuns})
  --seconds S        length of a measurement, at least ${leastMeasureMs / 1000} (default: ${leastMeasureMs / 1000})
  --clock CLOCK      wall: the time that goes by (default); cpu: the time in which the shards have their CPUs,
                     for a machine that others use at the same time
  --store            measure every scenario also with a store that is synced every 100 ms
  --directory DIR    where the stores are made (default: the system's directory for temporary files)
  --json             one JSON object a line`;

export function parseDatapathOptions(argv: readonly string[]): DatapathOptions {
  const values = readOptions(argv);
  const seconds = number('--seconds', values.seconds);
  return {
    scenarios: values.scenario === undefined ? scenarios : values.scenario.split(',').map(findScenario),
    threads: values.threads.split(',').map((text) => number('--threads', text)),
    runs: Math.max(leastRuns, number('--runs', values.runs)),
    clock: clock(values.clock),
    warmUpMs: leastWarmUpMs,
    measureMs: Math.max(leastMeasureMs, seconds * 1000),
    store: values.store,
    directory: values.directory,
    json: values.json,
  };
}

function readOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        scenario: { type: 'string' },
        threads: { type: 'string', default: '1,2' },
        runs: { type: 'string', default: String(leastRuns) },
        seconds: { type: 'string', default: String(leastMeasureMs / 1000) },
        clock: { type: 'string', default: 'wall' },
        store: { type: 'boolean', default: false },
        directory: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BenchmarkUsageError(error instanceof Error ? error.message : String(error));
  }
}

function findScenario(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (!found) throw new BenchmarkUsageError(`there is no scenario '${name}'`);
  return found;
}

function number(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || (option !== '--seconds' && !Number.isInteger(value))) {
    throw new BenchmarkUsageError(`${option} takes a number, not '${text}'`);
  }
  return value;
}

function clock(text: string): Clock {
  if (text === 'wall' || text === 'cpu') return text;
  throw new BenchmarkUsageError(`--clock is wall or cpu, not '${text}'`);
}
