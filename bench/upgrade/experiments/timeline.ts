/** One upgrade from its request to its end: what the transaction does, and every packet around the breaks. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { shardOf } from '../../../engine/datapath/addon.ts';
import { NetworkLab } from '../../lab/network-lab.ts';
import { UdpStream } from '../../lab/udp-stream.ts';
import { machine } from '../../machine.ts';
import { EngineSystem } from '../strategies/engine-system.ts';
import { swap } from '../strategies/swap.ts';
import type { Experiment } from './experiment.ts';

const strategies = ['swap', 'thread'] as const;
const shards = 2;
const rate = 50_000;
const records = 10_000;
const flows = 16;
const log = 1 << 18;
/** ms of packets before the first break and after the last. */
const around = 20;
const sourcePort = 20_000;
const port = 9000;
const udp = 17;

export const timeline: Experiment = {
  name: 'timeline',
  summary: 'every packet around one upgrade, and what the upgrade does meanwhile',
  seconds: () => 15,
  async *run({ directory: parent, placement, say }) {
    for (const strategy of strategies) {
      // Of its own: an engine goes on with what a store has.
      const directory = await mkdtemp(join(parent, 'engine-'));
      await using lab = await NetworkLab.create(swap.lab);
      const setup = { lab, directory, shards, placement: placement(shards), say };
      await using system = await EngineSystem.start(setup, {
        strategy,
        fromStore: false,
        statics: undefined,
      });
      await system.records.fill(records);
      await using stream = await UdpStream.start(lab, { rate, flows, log, port, sourcePort });
      await delay(1000);
      // The second of each kind: the first one loads what no other has to load.
      for (let change = 0; change < 2; ++change) await system.change(change);
      await delay(300);
      const steps: { step: string; detail: string; at: bigint }[] = [];
      const asked = process.hrtime.bigint();
      const { breaks } = await system.change(2, ({ step, detail }) =>
        steps.push({ step, detail, at: process.hrtime.bigint() }),
      );
      const done = process.hrtime.bigint();
      await delay(around * 3);
      const zero = BigInt(breaks[0]?.beginNs ?? 0);
      const margin = BigInt(around) * 1_000_000n;
      const us = (at: bigint) => Number(at - zero) / 1000;
      const shardOfFlow = Array.from({ length: flows }, (_, flow) =>
        shardOf(
          address(lab.client.ip),
          address(lab.server.ip),
          swapped(sourcePort + flow),
          swapped(port),
          udp,
          shards,
        ),
      );
      const from = zero - margin;
      const packets = await stream.packets(from, zero + margin);
      const whole = await stream.packets(asked - margin, done + margin);
      const { lost } = await stream.stop();
      const first = us(asked - margin);
      yield {
        experiment: 'timeline',
        strategy,
        rate_pps: rate,
        records,
        shards,
        lost,
        /** All times in µs after the first break's begin. */
        asked_us: us(asked),
        done_us: us(done),
        steps: steps.map(({ step, detail, at }) => ({ step, detail, at_us: us(at) })),
        breaks: breaks.map(({ shard, beginNs, breakNs }) => ({
          shard,
          begin_us: us(BigInt(beginNs ?? 0)),
          us: breakNs / 1000,
        })),
        packets: packets.map(({ atUs, delayUs, flow }) => [
          round(atUs + us(from)),
          round(delayUs),
          shardOfFlow[flow] ?? 0,
        ]),
        arrivals_per_ms: { from_us: first, counts: perMillisecond(whole.map(({ atUs }) => atUs)) },
        machine,
      };
    }
  },
};

function perMillisecond(times: readonly number[]): number[] {
  const counts: number[] = [];
  for (const us of times) {
    const ms = Math.floor(us / 1000);
    while (counts.length <= ms) counts.push(0);
    counts[ms] = (counts[ms] ?? 0) + 1;
  }
  return counts;
}

/** As they lie in memory: network byte order. */
function address(text: string): number {
  return new DataView(Uint8Array.from(text.split('.').map(Number)).buffer).getUint32(0, true);
}

function swapped(number: number): number {
  return ((number & 0xff) << 8) | (number >> 8);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
