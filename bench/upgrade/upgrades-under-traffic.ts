/** One combination: traffic at a rate that loses nothing, and changes while it flows. */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Downloads } from '../lab/downloads.ts';
import type { NetworkLab } from '../lab/network-lab.ts';
import type { SinkInterval } from '../lab/udp-sink.ts';
import { UdpStream } from '../lab/udp-stream.ts';
import { countedBetween, type DropCounters } from './attribution.ts';
import { readDeviceDrops } from './device-drops.ts';
import { untilFlowing, untilSilent } from './flowing.ts';
import { findHeldRate } from './held-rate.ts';
import type { Combination } from './matrix.ts';
import { baselineInterval, intervalAfter, type Measurement, type UpgradeRun } from './measurement.ts';
import { type MemoryUse, measureMemory } from './memory-meter.ts';
import type { Placement } from './placement.ts';
import type { Change, System, UpgradeStrategy } from './system.ts';

/** Flows of the stream: enough that every shard has some. */
const flows = 16;
/** Bits/s of all downloads. */
const downloadRate = 4_000_000;
/** ms until a change has come through, a reboot of a slow machine included. */
const patience = 300_000;
/** ms that a connection may take to notice that packets flow again. */
const recovery = 60_000;

export interface TrafficOptions {
  readonly runs: number;
  readonly settleMs: number;
  readonly trialMs: number;
  readonly connections: number;
  readonly placement: Placement;
}

export class UpgradesUnderTraffic {
  readonly #lab: NetworkLab;
  readonly #system: System;
  readonly #strategy: UpgradeStrategy;
  readonly #options: TrafficOptions;
  readonly #say: (text: string) => void;
  /** Forwards and back in turn, whatever the rate. */
  #changes = 0;

  constructor(
    lab: NetworkLab,
    system: System,
    strategy: UpgradeStrategy,
    options: TrafficOptions,
    say: (text: string) => void,
  ) {
    this.#lab = lab;
    this.#system = system;
    this.#strategy = strategy;
    this.#options = options;
    this.#say = say;
  }

  async measure(combination: Combination): Promise<Measurement> {
    const { connections, trialMs } = this.#options;
    await using downloads = await Downloads.start(this.#lab, { connections, rate: downloadRate });
    const start = (rate: number) => this.#startStream(rate);
    const held = await findHeldRate(combination.rate, trialMs, start, this.#say);
    await using stream = held.stream;
    const begunBefore = await this.#system.records?.begun?.();
    await this.#measureBaseline(stream);
    const runs = await this.#changeAgainAndAgain(stream);
    const memory = await this.#measureMemory(stream);
    const begun = await this.#system.records?.begun?.();
    const load = loadavg()[0] ?? Number.NaN;
    const streamed = await stream.stop();
    await untilAlive(downloads, connections);
    const { complete, corrupted, longestStallMs, retransmits } = await downloads.stop();
    return {
      combination,
      heldRate: held.rate,
      runs,
      stream: streamed,
      connections: { all: connections, complete, corrupted, longestStallMs, retransmits },
      begunAgain: Math.max(0, (begun ?? 0) - (begunBefore ?? 0)),
      ...(memory === undefined ? {} : { memory }),
      load,
    };
  }

  #startStream(rate: number): Promise<UdpStream> {
    const { generator, sink } = this.#options.placement;
    return UdpStream.start(this.#lab, {
      rate,
      flows,
      cpu: { ...(generator === undefined ? {} : { generator }), ...(sink === undefined ? {} : { sink }) },
    });
  }

  /** As long as the changes will take together, so that its largest gap has had the same chance. */
  async #measureBaseline(stream: UdpStream): Promise<void> {
    const { runs, settleMs } = this.#options;
    const duration = Math.round(runs * Math.max(settleMs, 1000 * this.#strategy.changeSeconds));
    await stream.mark(baselineInterval);
    await delay(duration);
    const { missing, socketDrops, gapUs } = await stream.mark('begin');
    this.#say(`baseline of ${duration} ms: ${missing} lost (sink ${socketDrops}), largest gap ${gapUs} µs`);
  }

  async #changeAgainAndAgain(stream: UdpStream): Promise<UpgradeRun[]> {
    const runs: UpgradeRun[] = [];
    // A sink that never has room would make them endless.
    const most = 2 * this.#options.runs;
    let counters = await this.#readDrops();
    for (let good = 0; good < this.#options.runs && runs.length < most; ) {
      const name = `run ${runs.length + 1}`;
      await stream.mark(name);
      const begin = performance.now();
      const { breaks } = await this.#change(stream);
      const totalMs = performance.now() - begin;
      await delay(this.#options.settleMs);
      const seen = await stream.mark(intervalAfter(name));
      const now = seen.missing > 0 ? await this.#readDrops() : counters;
      const repeated = seen.socketDrops > 0;
      const breaksUs = breaks.map(({ breakNs }) => breakNs / 1000);
      const run = { interval: name, breaksUs, totalMs, counted: countedBetween(counters, now), repeated };
      runs.push(run);
      counters = now;
      this.#tell(run, seen);
      if (!repeated) ++good;
    }
    return runs;
  }

  async #change(stream: UdpStream): Promise<Change> {
    const change = await this.#system.change(this.#changes++);
    if (this.#strategy.outageComesLater) await untilSilent(stream, patience);
    await untilFlowing(stream, patience);
    return change;
  }

  /** In a change of its own, since looking on takes processor time. */
  async #measureMemory(stream: UdpStream): Promise<MemoryUse | undefined> {
    const { processes } = this.#system;
    if (!processes) return undefined;
    await stream.mark('memory');
    return measureMemory(
      () => processes.call(this.#system),
      async () => {
        await this.#change(stream);
        await delay(this.#options.settleMs);
      },
    );
  }

  async #readDrops(): Promise<DropCounters> {
    const own = (await this.#system.drops?.()) ?? { rings: 0, elements: {} };
    return { ...own, devices: await readDeviceDrops(this.#lab) };
  }

  #tell({ interval, breaksUs, totalMs, repeated }: UpgradeRun, seen: SinkInterval): void {
    const breaks =
      breaksUs.length === 0 ? '' : `break ${breaksUs.map((us) => us.toFixed(1)).join(' / ')} µs, `;
    const again = repeated ? `; the sink dropped ${seen.socketDrops}: this run does not count` : '';
    this.#say(
      `${interval}: ${breaks}${seen.missing} lost, ${seen.duplicated} duplicated, ` +
        `${seen.reordered} reordered, largest gap ${seen.gapUs} µs, ${totalMs.toFixed(0)} ms in all${again}`,
    );
  }
}

/** A connection that waited for a while sends again only now and then. */
async function untilAlive(downloads: Downloads, connections: number): Promise<void> {
  const deadline = performance.now() + recovery;
  for (;;) {
    const { alive, failed } = await downloads.report();
    if (alive + failed >= connections || performance.now() > deadline) return;
    await delay(200);
  }
}
