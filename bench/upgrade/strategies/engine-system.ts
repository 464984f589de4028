/** An engine in a process of its own, with a firewall that is upgraded to version 2 and back. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticsMode, Strategy, UpgradeReport, UpgradeStep } from '../../../engine/engine-types.ts';
import { EngineProcess } from '../../lab/engine-process.ts';
import type { NetworkLab } from '../../lab/network-lab.ts';
import { ProcessMark } from '../../lab/process-mark.ts';
import type { Change, Setup, System } from '../system.ts';
import { readEngineDrops } from './engine-drops.ts';
import { builtSecondVersion, lastingFirewall } from './firewall-configuration.ts';
import { FirewallRecords } from './firewall-records.ts';
import { meteredFirewall } from './metered-firewall.ts';

export interface EngineSystemOptions {
  readonly strategy: Strategy;
  readonly fromStore: boolean;
  readonly statics: StaticsMode | undefined;
}

/** ms after which an upgrade has failed. */
const patience = 60_000;
/** ms between two syncs of a store that is only there to be read: nothing is written until somebody asks. */
const noSync = 86_400_000;

/** What the engine runs, and the libraries that an upgrade brings, by class. */
interface Design {
  readonly configuration: string;
  readonly changes: Readonly<Record<string, string>>;
  /** More options of `hotclick run`. */
  readonly options: readonly string[];
}

export class EngineSystem implements System {
  readonly records: FirewallRecords;
  readonly #engine: EngineProcess;
  readonly #mark: ProcessMark;
  readonly #strategy: Strategy;
  readonly #changes: Readonly<Record<string, string>>;

  private constructor(
    engine: EngineProcess,
    mark: ProcessMark,
    lab: NetworkLab,
    strategy: Strategy,
    changes: Readonly<Record<string, string>>,
  ) {
    this.#engine = engine;
    this.#mark = mark;
    this.#strategy = strategy;
    this.#changes = changes;
    this.records = new FirewallRecords(lab, () => engine.client);
  }

  static async start(
    setup: Setup,
    { strategy, fromStore, statics }: EngineSystemOptions,
  ): Promise<EngineSystem> {
    const { lab, directory, shards, placement } = setup;
    const { configuration, changes, options } = await designOf(statics, directory);
    const file = join(directory, 'firewall.click');
    await writeFile(file, configuration);
    const mark = new ProcessMark();
    const engine = await EngineProcess.start({
      file,
      control: join(directory, 'control.sock'),
      threads: shards,
      defines: { CLIENT_DEV: lab.engine.clientSide.device, SERVER_DEV: lab.engine.serverSide.device },
      store: join(directory, 'store'),
      ...(fromStore ? {} : { syncInterval: noSync }),
      ...(placement.shards === undefined ? {} : { cpus: placement.shards.join(',') }),
      options,
      env: mark.env,
    });
    return new EngineSystem(engine, mark, lab, strategy, changes);
  }

  async change(number: number, onStep?: (step: UpgradeStep) => void): Promise<Change> {
    const { client } = this.#engine;
    const options = { strategy: this.#strategy, ...(onStep ? { onStep } : {}) };
    // An engine that does not answer any more is ended, and with it the request.
    const deadline = setTimeout(() => void this.#engine.kill(), patience);
    try {
      const report: UpgradeReport = await (number % 2 === 0
        ? client.upgrade(this.#changes, options)
        : client.rollback(options));
      return { breaks: report.breaks, timings: report.timings };
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Waits until no record has an older layout; when that was seen, CLOCK_MONOTONIC ns. */
  async converted(): Promise<bigint> {
    // Every plan begins with that.
    await this.#engine.client.upgrade(this.#changes, { dryRun: true });
    return process.hrtime.bigint();
  }

  /** The most that conversion has taken of a round of any shard, the last time that there were records to convert. */
  async longestConversion(): Promise<{ wallNs: number; uninterruptedNs: number }> {
    const { shards } = await this.#engine.client.stats();
    const longest = (of: 'wallNs' | 'uninterruptedNs') =>
      Math.max(...shards.map(({ longestConversion }) => longestConversion[of]));
    return { wallNs: longest('wallNs'), uninterruptedNs: longest('uninterruptedNs') };
  }

  drops() {
    return readEngineDrops(this.#engine.client);
  }

  processes(): Promise<number[]> {
    return this.#mark.processes();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
    await this.#mark.end();
  }
}

async function designOf(statics: StaticsMode | undefined, directory: string): Promise<Design> {
  const Firewall = await builtSecondVersion();
  if (statics === undefined) {
    return { configuration: await lastingFirewall(), changes: { Firewall }, options: [] };
  }
  const { configuration, libraryPath, secondVersion: Meter } = await meteredFirewall(statics, directory);
  return {
    configuration,
    changes: { Firewall, Meter },
    options: ['--library-path', libraryPath, '--statics', statics],
  };
}
