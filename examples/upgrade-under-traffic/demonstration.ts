/** The laboratory, the traffic and the engine of the demonstration, and the steps it goes through. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Downloads } from '../../bench/lab/downloads.ts';
import { EngineProcess, type EngineProcessOptions } from '../../bench/lab/engine-process.ts';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import type { SinkInterval } from '../../bench/lab/udp-sink.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { packageRoot } from '../../engine/datapath/paths.ts';
import type { UpgradeReport } from '../../engine/engine-types.ts';
import { HotclickError } from '../../engine/errors.ts';
import type { StepRow } from './result-table.ts';

const connections = 50;
const rate = 50_000;
/** ms in which nothing is done, for the baseline, and after each step, so that late losses are seen. */
const baselineTime = 5000;
const settleTime = 1500;

const examples = join(packageRoot, 'examples');
const badVersions = ['does-not-compile', 'undeclared-static', 'configure-fails'];

/** What a step measured, before the stream's final figures are known. */
interface Measurement {
  readonly step: string;
  readonly counts: boolean;
  readonly breaksUs: readonly number[];
  readonly alive: number;
  readonly failed: number;
  readonly recordsBefore: number;
  readonly recordsAfter: number;
}

export class Demonstration implements AsyncDisposable {
  readonly #lab: NetworkLab;
  readonly #engineOptions: EngineProcessOptions;
  readonly #say: (text: string) => void;
  readonly #measurements: Measurement[] = [];
  #engine: EngineProcess;
  #stream: UdpStream | undefined;
  #downloads: Downloads | undefined;

  private constructor(
    lab: NetworkLab,
    engine: EngineProcess,
    options: EngineProcessOptions,
    say: (text: string) => void,
  ) {
    this.#lab = lab;
    this.#engine = engine;
    this.#engineOptions = options;
    this.#say = say;
  }

  /** Makes the namespaces and starts the engine between them. `directory` is for its store and socket. */
  static async create(directory: string, say: (text: string) => void): Promise<Demonstration> {
    say('making namespaces: client — engine — server');
    const lab = await NetworkLab.create({ mode: 'bridge' });
    try {
      say('starting the engine: examples/firewall.click, two shards, AF_PACKET');
      const options: EngineProcessOptions = {
        file: join(examples, 'firewall.click'),
        control: join(directory, 'control.sock'),
        store: join(directory, 'store'),
        threads: 2,
        defines: { CLIENT_DEV: lab.engine.clientSide.device, SERVER_DEV: lab.engine.serverSide.device },
      };
      return new Demonstration(lab, await EngineProcess.start(options), options, say);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async run(): Promise<StepRow[]> {
    await this.#startTraffic();
    await this.#measure('baseline', true, () => delay(baselineTime, undefined));
    await this.#measure('1 upgrade to version 2', true, () => this.#upgrade());
    await this.#measure('2 rollback', true, () => this.#rollback());
    for (const version of badVersions) {
      await this.#measure(`3 refused: ${version}`, true, () => this.#refuse(version));
    }
    await this.#measure('4 kill -9 and start', false, () => this.#killAndStart());
    return this.#finish();
  }

  async #startTraffic(): Promise<void> {
    this.#say(`starting ${connections} downloads and a UDP stream of ${rate} packets/s`);
    this.#downloads = await Downloads.start(this.#lab, { connections });
    this.#stream = await UdpStream.start(this.#lab, { rate });
    await delay(settleTime);
    this.#say(`without an upgrade, for ${baselineTime / 1000} s: the baseline`);
  }

  async #upgrade(): Promise<UpgradeReport> {
    this.#say('1 upgrading the firewall from version 1 to version 2, built from source now');
    return this.#engine.client.upgrade(
      { Firewall: join(examples, 'firewall', 'v2', 'Firewall.cc') },
      { onStep: ({ step, detail }) => this.#say(`    ${step}: ${detail}`) },
    );
  }

  async #rollback(): Promise<UpgradeReport> {
    this.#say('2 rolling back');
    return this.#engine.client.rollback();
  }

  async #refuse(version: string): Promise<undefined> {
    const file = join(examples, 'firewall', 'broken', version, 'Firewall.cc');
    const refusal = await this.#engine.client.upgrade({ Firewall: file }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(refusal instanceof HotclickError)) {
      throw new HotclickError('HC_INTERNAL', `the version '${version}' was not refused`, { cause: refusal });
    }
    this.#say(`3 ${version}: refused with ${refusal.code}: ${firstLine(refusal.message)}`);
  }

  async #killAndStart(): Promise<undefined> {
    this.#say(`4 kill -9 of the engine (pid ${this.#engine.pid})`);
    await this.#engine.kill();
    const down = performance.now();
    this.#engine = await EngineProcess.start(this.#engineOptions);
    this.#say(
      `    running again after ${Math.round(performance.now() - down)} ms with ${await this.#records()} records`,
    );
    // TCP sends again after its timeout; a second outage would show as a dead download.
    await delay(3000);
  }

  /** One interval of the stream around `action`, with the records and the downloads before and after. */
  async #measure(
    step: string,
    counts: boolean,
    action: () => Promise<UpgradeReport | undefined>,
  ): Promise<void> {
    const recordsBefore = await this.#records();
    await this.#downloads!.report();
    await this.#stream!.mark(step);
    const report = await action();
    await delay(settleTime);
    await this.#stream!.mark(`after ${step}`);
    const { alive, failed } = await this.#downloads!.report();
    this.#measurements.push({
      step,
      counts,
      breaksUs: report?.breaks.map(({ breakNs }) => breakNs / 1000) ?? [],
      alive,
      failed,
      recordsBefore,
      recordsAfter: await this.#records(),
    });
  }

  async #finish(): Promise<StepRow[]> {
    const stream = await this.#stream!.stop();
    const downloads = await this.#downloads!.stop();
    this.#say(
      `traffic ended: ${stream.generator.sent} UDP packets sent, ${downloads.complete}/${connections} downloads complete, ` +
        `${downloads.corrupted} chunks corrupted, ${downloads.retransmits} TCP segments sent again`,
    );
    const interval = (name: string): SinkInterval => stream.intervals.find((one) => one.name === name)!;
    const baselineGapUs = interval('baseline').gapUs;
    return this.#measurements.map((measurement): StepRow => {
      const { missing, duplicated, reordered, gapUs } = interval(measurement.step);
      const intact =
        missing === 0 && duplicated === 0 && measurement.alive === connections && downloads.corrupted === 0;
      return {
        ...measurement,
        clean: intact && (measurement.step !== 'baseline' || reordered === 0),
        lost: missing,
        duplicated,
        reordered,
        gapUs,
        baselineGapUs,
        downloadsAlive: measurement.alive,
        downloads: connections,
      };
    });
  }

  async #records(): Promise<number> {
    return Number(await this.#engine.client.read('fw.connections'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream?.stop().catch(() => {});
    await this.#downloads?.stop().catch(() => {});
    await this.#engine[Symbol.asyncDispose]();
    await this.#lab[Symbol.asyncDispose]();
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
