/** What it costs to carry static variables over an upgrade: mapped, copied by symbol, by compiled layout. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Strategy, strategies } from '../../engine/engine-types.ts';
import { type Benchmark, BenchmarkUsageError } from '../benchmark.ts';
import { machine } from '../machine.ts';
import { spreadOf } from '../samples.ts';
import { measureStatics, type StaticsSamples, type StaticsScenario } from './measure-statics.ts';

const megabyte = 1024 * 1024;
/** A library file has at most 64 MiB, and a declared section lies in it. */
const shapes = [
  { size: '100', name: '100 variables', variables: 100, block: 0 },
  { size: '10000', name: '10,000 variables', variables: 10_000, block: 0 },
  { size: '100MB', name: '100 MB', variables: 8, block: 100 * megabyte, declared: 48 * megabyte },
];

function scenarios(sizes: readonly string[]): StaticsScenario[] {
  const chosen = shapes.filter(({ size }) => sizes.includes(size));
  return chosen.flatMap(({ declared, size: _, ...shape }) => [
    {
      ...shape,
      block: declared ?? shape.block,
      name: declared ? '48 MB' : shape.name,
      way: 'mapped',
      changed: false,
    },
    { ...shape, way: 'symbols', changed: false },
    { ...shape, way: 'compiled', changed: false },
    { ...shape, way: 'compiled', changed: true },
  ]);
}

const usage = `usage: npm run bench -- statics [options]

  --strategy LIST    swap, thread (default: thread)
  --size LIST        100, 10000 (variables), 100MB (default: all)
  --runs N           upgrades of each (default: 20)
  --json             one JSON object a line`;

export const staticsBenchmark: Benchmark = {
  summary: 'µs that a shard stands still while static variables are carried over, by each way',
  usage,
  async run(argv) {
    const options = readOptions(argv);
    const directory = mkdtempSync(join(tmpdir(), 'hotclick-bench-statics-'));
    try {
      if (!options.json) process.stdout.write(`${JSON.stringify(machine)}\n${headings}\n`);
      for (const [index, scenario] of scenarios(options.sizes).entries()) {
        for (const strategy of options.strategies) {
          const place = join(directory, `${index}-${strategy}`);
          const samples = await measureStatics(scenario, strategy, options.runs, place);
          process.stdout.write(
            `${options.json ? asJson(scenario, strategy, samples) : asRow(scenario, strategy, samples)}\n`,
          );
        }
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

interface StaticsOptions {
  readonly strategies: readonly Strategy[];
  readonly sizes: readonly string[];
  readonly runs: number;
  readonly json: boolean;
}

function readOptions(argv: readonly string[]): StaticsOptions {
  let chosen: readonly Strategy[] = ['thread'];
  const known = shapes.map(({ size }) => size);
  let sizes: readonly string[] = known;
  let runs = 20;
  let json = false;
  const rest = [...argv];
  for (let option = rest.shift(); option !== undefined; option = rest.shift()) {
    if (option === '--json') json = true;
    else if (option === '--runs') runs = Number(rest.shift());
    else if (option === '--size') sizes = (rest.shift() ?? '').split(',');
    else if (option === '--strategy') chosen = (rest.shift() ?? '').split(',') as Strategy[];
    else throw new BenchmarkUsageError(`there is no option '${option}'`);
  }
  if (!Number.isInteger(runs) || runs < 1)
    throw new BenchmarkUsageError('--runs must be a whole number from 1');
  const unknown = chosen.find((name) => !Object.hasOwn(strategies, name));
  if (unknown !== undefined) throw new BenchmarkUsageError(`there is no strategy '${unknown}'`);
  const wrong = sizes.find((size) => !known.includes(size));
  if (wrong !== undefined) throw new BenchmarkUsageError(`--size takes ${known.join(', ')}, not '${wrong}'`);
  return { strategies: chosen, sizes, runs, json };
}

const headings = row([
  'what',
  'way',
  'layout',
  'strategy',
  'done',
  'found',
  'paired',
  'prepare',
  'break p50',
  'max',
]);

function asRow({ name, way, changed }: StaticsScenario, strategy: Strategy, samples: StaticsSamples): string {
  const us = (values: readonly number[]) => spreadOf(values).median.toFixed(1);
  const { max } = spreadOf(samples.breakUs);
  const { how, readUs, matchUs, prepareUs, breakUs } = samples;
  const layout = changed ? 'changed' : 'same';
  return row([
    name,
    way,
    layout,
    strategy,
    how,
    us(readUs),
    us(matchUs),
    us(prepareUs),
    us(breakUs),
    max.toFixed(1),
  ]);
}

function row(cells: readonly string[]): string {
  return cells.map((cell, i) => (i < 5 ? cell.padEnd(i === 0 ? 17 : 9) : cell.padStart(11))).join(' ');
}

function asJson(
  { name, way, changed, variables }: StaticsScenario,
  strategy: Strategy,
  samples: StaticsSamples,
): string {
  const { how, bytes, readUs, matchUs, prepareUs, breakUs } = samples;
  return JSON.stringify({
    scenario: name,
    way,
    changed,
    strategy,
    variables,
    bytes,
    how,
    read_us: spreadOf(readUs),
    match_us: spreadOf(matchUs),
    prepare_us: spreadOf(prepareUs),
    break_us: spreadOf(breakUs),
    samples: breakUs,
    machine,
  });
}
