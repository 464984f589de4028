/** The command line of the upgrade benchmark. */
import { parseArgs } from 'node:util';
import { BenchmarkUsageError } from '../benchmark.ts';
import { type Placement, placeApart } from './placement.ts';
import type { Adapters } from './strategies/adapters.ts';

export interface UpgradeBenchOptions {
  /** Names; undefined for all that can be measured here. */
  readonly strategies: readonly string[] | undefined;
  /** Undefined where the command line does not say: then a strategy may have its own idea. */
  readonly rates: readonly number[] | undefined;
  readonly records: readonly number[] | undefined;
  readonly shards: readonly number[] | undefined;
  readonly runs: number | undefined;
  /** Names; undefined for all that are usual. */
  readonly experiments: readonly string[] | undefined;
  /** Time after each upgrade in which a late loss is still seen, ms. */
  readonly settleMs: number;
  /** Time for which a rate has to lose nothing before it is held, ms. */
  readonly trialMs: number;
  /** TCP connections through the system. */
  readonly connections: number;
  readonly quick: boolean;
  /** For the strategy `command`. */
  readonly command: OutsideCommand;
  readonly placement: (shards: number) => Placement;
  readonly json: boolean;
  readonly list: boolean;
  /** File that rows are added to, and that says which are there already. */
  readonly save: string | undefined;
}

/** What is measured from outside: shell commands. */
export interface OutsideCommand {
  /** Makes the change. */
  readonly change?: string;
  /** Makes the system forward; may go on running. */
  readonly setup?: string;
  /** The system is behind them. */
  readonly adapters?: Adapters | undefined;
}

const quick = { settle: '150', trial: 300 };
const whole = { settle: '400', trial: 1000 };

export const usage = `usage: npm run bench -- upgrade [options]

  --strategy NAME,…     what is measured (default: all that can be measured here; --list says which)
  --rate N,…            packets/s of the UDP stream (default: 10000,50000,100000,200000)
  --records N,…         records in the table before the first upgrade (default: 0,10000,1000000)
  --shards N,…          datapath threads (default: 1,2)
  --runs N              upgrades of each combination, alternately to version 2 and back (default: 20)
  --experiment NAME,…   other questions: elements, downloads, nat, schema, timeline (default: all, unless --strategy or
                        --quick is given; 'none'); without --strategy, only these
  --settle MS           time after each upgrade in which losses still count as its own (default: ${whole.settle})
  --connections N       HTTP downloads through the system meanwhile (default: 6)
  --command TEXT        for --strategy command and reboot: the shell command that makes the change
  --setup TEXT          for --strategy command: the shell command that makes something forward between the devices
                        $CLIENT_DEV and $SERVER_DEV; it may go on running
  --adapters C,S        for --strategy command and reboot: the system is another machine, its client side behind the
                        network device C of this one and its server side behind S. They are taken for as long as this
                        runs; the commands then run on this machine, as \`ssh pi sudo reboot\`
  --generator-cpu N     CPU of the generator
  --sink-cpu N          CPU of the sink
  --engine-cpus N,…     CPUs of the shards
  --apart               generator and sink on the first CPUs, shards on the last ones; the default where there are
                        more CPUs than shards
  --quick               the engine's own strategies, 3 runs at 50000 packets/s, empty table, 2 shards; no experiments
  --save FILE           add a line of JSON for each row to the file; rows that it has already are not measured again
  --json                one JSON object a line on standard output
  --list                what can be measured here, and how long it will take; measures nothing`;

/** `cpus`: how many this machine has. @throws BenchmarkUsageError */
export function parseUpgradeOptions(argv: readonly string[], cpus: number): UpgradeBenchOptions {
  const values = readOptions(argv);
  const usual = values.quick ? quick : whole;
  const own: Placement = {
    ...optional('generator', values['generator-cpu'], (text) => one('--generator-cpu', text, 0)),
    ...optional('sink', values['sink-cpu'], (text) => one('--sink-cpu', text, 0)),
    ...optional('shards', values['engine-cpus'], (text) => numbers('--engine-cpus', text, 0)),
  };
  const list = (option: string, text: string | undefined, least: number) =>
    text === undefined ? undefined : numbers(option, text, least);
  return {
    strategies: values.strategy?.split(','),
    rates: list('--rate', values.rate, 1),
    records: list('--records', values.records, 0),
    shards: list('--shards', values.shards, 1),
    runs: values.runs === undefined ? undefined : one('--runs', values.runs, 1),
    experiments: values.experiment === 'none' ? [] : values.experiment?.split(','),
    settleMs: one('--settle', values.settle ?? usual.settle, 1),
    trialMs: usual.trial,
    connections: one('--connections', values.connections, 1),
    quick: values.quick,
    command: {
      ...(values.command === undefined ? {} : { change: values.command }),
      ...(values.setup === undefined ? {} : { setup: values.setup }),
      adapters: adaptersOf(values.adapters),
    },
    placement: (shards) => ({
      ...(values.apart || cpus > shards ? placeApart(shards, cpus) : {}),
      ...own,
    }),
    json: values.json,
    list: values.list,
    save: values.save,
  };
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
        experiment: { type: 'string' },
        settle: { type: 'string' },
        connections: { type: 'string', default: '6' },
        command: { type: 'string' },
        setup: { type: 'string' },
        adapters: { type: 'string' },
        'generator-cpu': { type: 'string' },
        'sink-cpu': { type: 'string' },
        'engine-cpus': { type: 'string' },
        apart: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        save: { type: 'string' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new BenchmarkUsageError(error instanceof Error ? error.message : String(error));
  }
}

function adaptersOf(text: string | undefined): Adapters | undefined {
  if (text === undefined) return undefined;
  const [client, server, ...more] = text.split(',');
  if (client && server && client !== server && more.length === 0) return { client, server };
  throw new BenchmarkUsageError(`--adapters takes two network devices, as eth1,eth2, not '${text}'`);
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
