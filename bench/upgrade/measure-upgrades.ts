/** One combination: a laboratory, an engine with a firewall between its sides, traffic, and upgrades while it flows. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UpgradeReport } from '../../engine/engine-types.ts';
import { Downloads } from '../lab/downloads.ts';
import { EngineProcess } from '../lab/engine-process.ts';
import { NetworkLab } from '../lab/network-lab.ts';
import type { SinkInterval } from '../lab/udp-sink.ts';
import { UdpStream } from '../lab/udp-stream.ts';
import { countedBetween } from './attribution.ts';
import { readDropCounters } from './drop-counters.ts';
import { lastingFirewall } from './firewall-configuration.ts';
import { baselineInterval, intervalAfter, type Measurement, type UpgradeRun } from './measurement.ts';
import type { Combination, UpgradeBenchOptions } from './options.ts';
import { countForgotten, fillTable } from './table-filler.ts';

/** Flows of the stream: enough that every shard has some. */
const flows = 16;
/** ms until the traffic is steady. */
const warmUp = 1000;
const leastBaseline = 2000;
/** ms after which an upgrade has failed. */
const patience = 60_000;

type Say = (text: string) => void;

/** `library`: the built second version of the firewall. */
export async function measureUpgrades(
  combination: Combination,
  library: string,
  options: UpgradeBenchOptions,
  say: Say,
): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-upgrade-'));
  try {
    await using lab = await NetworkLab.create({ mode: 'bridge', staticNeighbours: true });
    await using engine = await startEngine(lab, directory, combination, options);
    return await new UpgradeBench(lab, engine, combination, library, options, say).measure();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function startEngine(
  lab: NetworkLab,
  directory: string,
  { shards }: Combination,
  { store, placement }: UpgradeBenchOptions,
): Promise<EngineProcess> {
  const file = join(directory, 'firewall.click');
  await writeFile(file, await lastingFirewall());
  return EngineProcess.start({
    file,
    control: join(directory, 'control.sock'),
    threads: shards,
    defines: { CLIENT_DEV: lab.engine.clientSide.device, SERVER_DEV: lab.engine.serverSide.device },
    ...(store ? { store: join(directory, 'store') } : {}),
    ...(placement.shards === undefined ? {} : { cpus: placement.shards.join(',') }),
  });
}

class UpgradeBench {
  readonly #lab: NetworkLab;
  readonly #engine: EngineProcess;
  readonly #combination: Combination;
  readonly #library: string;
  readonly #options: UpgradeBenchOptions;
  readonly #say: Say;

  constructor(
    lab: NetworkLab,
    engine: EngineProcess,
    combination: Combination,
    library: string,
    options: UpgradeBenchOptions,
    say: Say,
  ) {
    this.#lab = lab;
    this.#engine = engine;
    this.#combination = combination;
    this.#library = library;
    this.#options = options;
    this.#say = say;
  }

  async measure(): Promise<Measurement> {
    const { records } = this.#combination;
    if (records > 0) {
      const begin = performance.now();
      await fillTable(this.#lab, this.#engine.client, records);
      this.#say(`${records} records in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    }
    const { connections } = this.#options;
    await using downloads = await Downloads.start(this.#lab, { connections, rate: 4_000_000 });
    await using stream = await this.#startStream();
    await delay(warmUp);
    const recordsBefore = await this.#read('connections');
    const openedBefore = await this.#read('opened');
    await this.#measureBaseline(stream);
    const runs = await this.#upgradeAgainAndAgain(stream);
    const recordsAfter = await this.#read('connections');
    const begun = (await this.#read('opened')) - openedBefore;
    const load = loadavg()[0] ?? Number.NaN;
    const streamed = await stream.stop();
    const { complete, corrupted } = await downloads.stop();
    const forgotten = records === 0 ? 0 : await countForgotten(this.#lab, this.#engine.client, records);
    return {
      combination: this.#combination,
      runs,
      stream: streamed,
      connections: { all: connections, complete, corrupted },
      recordsBefore,
      recordsAfter,
      begunAgain: begun + forgotten,
      load,
    };
  }

  #startStream(): Promise<UdpStream> {
    const { generator, sink } = this.#options.placement;
    return UdpStream.start(this.#lab, {
      rate: this.#combination.rate,
      flows,
      cpu: { ...(generator === undefined ? {} : { generator }), ...(sink === undefined ? {} : { sink }) },
    });
  }

  /** As long as the upgrades will take together, so that its largest gap has had the same chance. */
  async #measureBaseline(stream: UdpStream): Promise<void> {
    const { runs, settleMs } = this.#options;
    const duration = Math.max(leastBaseline, runs * settleMs);
    await stream.mark(baselineInterval);
    await delay(duration);
    const { missing, socketDrops, gapUs } = await stream.mark('begin');
    this.#say(`baseline of ${duration} ms: ${missing} lost (sink ${socketDrops}), largest gap ${gapUs} µs`);
  }

  async #upgradeAgainAndAgain(stream: UdpStream): Promise<UpgradeRun[]> {
    const runs: UpgradeRun[] = [];
    // A sink that never has room would make them endless.
    const most = 2 * this.#options.runs;
    let counters = await readDropCounters(this.#lab, this.#engine.client);
    for (let good = 0; good < this.#options.runs && runs.length < most; ) {
      const name = `run ${runs.length + 1}`;
      await stream.mark(name);
      const begin = performance.now();
      const report = await this.#change(runs.length);
      const totalMs = performance.now() - begin;
      await delay(this.#options.settleMs);
      const seen = await stream.mark(intervalAfter(name));
      const now = seen.missing > 0 ? await readDropCounters(this.#lab, this.#engine.client) : counters;
      const repeated = seen.socketDrops > 0;
      runs.push({
        interval: name,
        breaksUs: report.breaks.map(({ breakNs }) => breakNs / 1000),
        totalMs,
        counted: countedBetween(counters, now),
        repeated,
      });
      counters = now;
      this.#tell(runs.at(-1)!, seen);
      if (!repeated) ++good;
    }
    return runs;
  }

  async #change(done: number): Promise<UpgradeReport> {
    const { client } = this.#engine;
    const { strategy } = this.#combination;
    // An engine that does not answer any more is ended, and with it the request.
    const deadline = setTimeout(() => void this.#engine.kill(), patience);
    try {
      return await (done % 2 === 0
        ? client.upgrade({ Firewall: this.#library }, { strategy })
        : client.rollback({ strategy }));
    } finally {
      clearTimeout(deadline);
    }
  }

  #tell({ interval, breaksUs, totalMs, repeated }: UpgradeRun, seen: SinkInterval): void {
    const breaks = breaksUs.map((us) => us.toFixed(1)).join(' / ');
    const again = repeated ? `; the sink dropped ${seen.socketDrops}: this run does not count` : '';
    this.#say(
      `${interval}: break ${breaks} µs, ${seen.missing} lost, ${seen.duplicated} duplicated, ` +
        `${seen.reordered} reordered, largest gap ${seen.gapUs} µs, ${totalMs.toFixed(0)} ms in all${again}`,
    );
  }

  async #read(handler: 'connections' | 'opened'): Promise<number> {
    return Number(await this.#engine.client.read(`fw.${handler}`));
  }
}
