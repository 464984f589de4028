/** Strategies of the engine itself: `hotclick upgrade --strategy NAME` of the firewall, forwards and back in turn. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Strategy, UpgradeReport } from '../../../engine/engine-types.ts';
import { strategies } from '../../../engine/engine-types.ts';
import { EngineProcess } from '../../lab/engine-process.ts';
import type { NetworkLab } from '../../lab/network-lab.ts';
import { ProcessMark } from '../../lab/process-mark.ts';
import type { Change, Setup, System, UpgradeStrategy } from '../system.ts';
import { readEngineDrops } from './engine-drops.ts';
import { builtSecondVersion, lastingFirewall } from './firewall-configuration.ts';
import { FirewallRecords } from './firewall-records.ts';

export interface InEngineOptions {
  /** The new version's state comes out of the store, which is synced as often as usual. */
  readonly fromStore?: boolean;
  readonly changeSeconds?: number;
}

export function inEngine(name: string, { fromStore = false, changeSeconds = 0.5 }: InEngineOptions = {}) {
  return {
    name,
    summary: (strategies as Readonly<Record<string, string>>)[name] ?? '',
    lab: { mode: 'bridge', staticNeighbours: true },
    changeSeconds,
    missing: async () => (name in strategies ? undefined : 'the engine does not have it'),
    start: (setup) => EngineSystem.start(setup, name as Strategy, fromStore),
  } satisfies UpgradeStrategy;
}

/** ms after which an upgrade has failed. */
const patience = 60_000;
/** ms between two syncs of a store that is only there to be read: nothing is written until somebody asks. */
const noSync = 86_400_000;

class EngineSystem implements System {
  readonly records: FirewallRecords;
  readonly #engine: EngineProcess;
  readonly #strategy: Strategy;
  readonly #library: string;
  readonly #mark: ProcessMark;

  private constructor(
    engine: EngineProcess,
    mark: ProcessMark,
    lab: NetworkLab,
    strategy: Strategy,
    library: string,
  ) {
    this.#engine = engine;
    this.#mark = mark;
    this.#strategy = strategy;
    this.#library = library;
    this.records = new FirewallRecords(lab, () => engine.client);
  }

  static async start(setup: Setup, strategy: Strategy, fromStore: boolean): Promise<EngineSystem> {
    const { lab, directory, shards, placement } = setup;
    const file = join(directory, 'firewall.click');
    await writeFile(file, await lastingFirewall());
    const library = await builtSecondVersion();
    const mark = new ProcessMark();
    const engine = await EngineProcess.start({
      file,
      control: join(directory, 'control.sock'),
      threads: shards,
      defines: { CLIENT_DEV: lab.engine.clientSide.device, SERVER_DEV: lab.engine.serverSide.device },
      store: join(directory, 'store'),
      ...(fromStore ? {} : { syncInterval: noSync }),
      ...(placement.shards === undefined ? {} : { cpus: placement.shards.join(',') }),
      env: mark.env,
    });
    return new EngineSystem(engine, mark, lab, strategy, library);
  }

  async change(number: number): Promise<Change> {
    const { client } = this.#engine;
    const options = { strategy: this.#strategy };
    // An engine that does not answer any more is ended, and with it the request.
    const deadline = setTimeout(() => void this.#engine.kill(), patience);
    try {
      const report: UpgradeReport = await (number % 2 === 0
        ? client.upgrade({ Firewall: this.#library }, options)
        : client.rollback(options));
      return { breaks: report.breaks, timings: report.timings };
    } finally {
      clearTimeout(deadline);
    }
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
