/** The command line of the upgrade benchmark. */
import { parseArgs } from 'node:util';
import type { Strategy } from '../../engine/engine-types.ts';
import { BenchmarkUsageError } from '../benchmark.ts';

export interface UpgradeBenchOptions {
  readonly strategies: readonly Strategy[];
  /** Packets/s of the stream. */
  readonly rates: readonly number[];
  /** Records that fill the firewall's table beforehand. */
  readonly records: readonly number[];
  readonly shards: readonly number[];
  /** Upgrades of each combination. */
  readonly runs: number;
  /** Time after each upgrade in which a late loss is still seen, ms. */
  readonly settleMs: number;
  /** TCP connections through the firewall. */
  readonly connections: number;
  /** The engine keeps its state in a store. */
  readonly store: boolean;
  /** 'apart': generator, sink and shards on CPUs of their own as far as there are so many. */
  readonly placement: Placement;
  readonly json: boolean;
}

/** CPU numbers; undefined where the scheduler chooses. */
export interface Placement {
  readonly generator?: number;
  readonly sink?: number;
  readonly shards?: readonly number[];
}

/** One row of the result. */
export interface Combination {
  readonly strategy: Strategy;
  readonly rate: number;
  readonly records: number;
  readonly shards: number;
}

const quickRuns = 4;
const quickSettleMs = 150;

export const usage = `usage: npm run bench -- upgrade [options]

  --strategy NAME,…     swap, thread (default: both)
  --rate N,…            packets/s of the UDP stream (default: 50000,100000)
  --records N,…         connections in the firewall's table before the first upgrade (default: 0,1000000)
  --shards N,…          datapath threads (default: 2)
  --runs N              upgrades of each combination, alternately to version 2 and back (default: 20)
  --settle MS           time after each upgrade in which losses still count as its own (default: 400)
  --connections N       HTTP downloads through the firewall meanwhile (default: 6)
  --store               the engine keeps its state in a store, synced every 100 ms
  --generator-cpu N     CPU of the generator (default: any)
  --sink-cpu N          CPU of the sink (default: any)
  --engine-cpus N,…     CPUs of the shards (default: any)
  --apart               generator and sink on the first CPUs, shards on the last ones
  --quick               ${quickRuns} runs at 50000 packets/s with an empty table
  --json                one JSON object a line`;

const strategies: readonly Strategy[] = ['swap', 'thread'];

/** `cpus`: how many this machine has. @throws BenchmarkUsageError */
export function parseUpgradeOptions(argv: readonly string[], cpus: number): UpgradeBenchOptions {
  const values = readOptions(argv);
  const { quick } = values;
  const shards = numbers('--shards', values.shards ?? '2', 1);
  return {
    strategies: (values.strategy ?? strategies.join(',')).split(',').map(findStrategy),
    rates: numbers('--rate', values.rate ?? (quick ? '50000' : '50000,100000'), 1),
    records: numbers('--records', values.records ?? (quick ? '0' : '0,1000000'), 0),
    shards,
    runs: one('--runs', values.runs ?? (quick ? `${quickRuns}` : '20'), 1),
    settleMs: one('--settle', values.settle ?? (quick ? `${quickSettleMs}` : '400'), 1),
    connections: one('--connections', values.connections, 1),
    store: values.store,
    placement: {
      ...(values.apart ? placeApart(Math.max(...shards), cpus) : {}),
      ...optional('generator', values['generator-cpu'], (text) => one('--generator-cpu', text, 0)),
      ...optional('sink', values['sink-cpu'], (text) => one('--sink-cpu', text, 0)),
      ...optional('shards', values['engine-cpus'], (text) => numbers('--engine-cpus', text, 0)),
    },
    json: values.json,
  };
}

export function combinations(options: UpgradeBenchOptions): Combination[] {
  return options.shards.flatMap((shards) =>
    options.records.flatMap((records) =>
      options.strategies.flatMap((strategy) =>
        options.rates.map((rate) => ({ strategy, rate, records, shards })),
      ),
    ),
  );
}

/** The generator has the first CPU, the shards have the last ones, the sink the first that is left. */
export function placeApart(shards: number, cpus: number): Required<Placement> {
  const own = Array.from({ length: shards }, (_, shard) => (cpus - 1 - (shard % cpus) + cpus) % cpus);
  const free = Array.from({ length: cpus }, (_, cpu) => cpu).find((cpu) => cpu !== 0 && !own.includes(cpu));
  return { generator: 0, sink: free ?? 0, shards: own };
}

function readOptions(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        strategy: { type: 'string' },
        rate: { type: 'string' },
        records: { type: 'string' },
        shards: { type: 'string' },
        runs: { type: 'string' },
        settle: { type: 'string' },
        connections: { type: 'string', default: '6' },
        store: { type: 'boolean', default: false },
        'generator-cpu': { type: 'string' },
        'sink-cpu': { type: 'string' },
        'engine-cpus': { type: 'string' },
        apart: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BenchmarkUsageError(error instanceof Error ? error.message : String(error));
  }
}

function findStrategy(name: string): Strategy {
  const found = strategies.find((strategy) => strategy === name);
  if (!found) throw new BenchmarkUsageError(`there is no strategy '${name}'; use ${strategies.join(' or ')}`);
  return found;
}

function numbers(option: string, text: string, least: number): number[] {
  return text.split(',').map((part) => one(option, part, least));
}

function one(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least) return value;
  throw new BenchmarkUsageError(`${option} takes whole numbers from ${least} on, not '${text}'`);
}

function optional<K extends keyof Placement>(
  key: K,
  text: string | undefined,
  read: (text: string) => Placement[K],
): Placement {
  return text === undefined ? {} : { [key]: read(text) };
}
