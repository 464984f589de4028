/** Whether packets wait while a million records are converted to another layout, which an upgrade leaves for later. */
import { setTimeout as delay } from 'node:timers/promises';
import { NetworkLab } from '../../lab/network-lab.ts';
import { UdpStream } from '../../lab/udp-stream.ts';
import { machine } from '../../machine.ts';
import { percentilesOf } from '../percentile.ts';
import { EngineSystem } from '../strategies/engine-system.ts';
import { swap } from '../strategies/swap.ts';
import type { Experiment } from './experiment.ts';

const records = 1_000_000;
const shards = 2;
const rate = 50_000;
/** Packets that the sink remembers: some seconds. */
const log = 1 << 19;
/** µs. */
const limit = 100;

export const schema: Experiment = {
  name: 'schema',
  summary: `delay of packets while ${records} records are converted to another layout`,
  seconds: (runs) => 25 + 2 * runs,
  async *run({ directory, runs, placement, say }) {
    await using lab = await NetworkLab.create(swap.lab);
    const setup = { lab, directory, shards, placement: placement(shards), say };
    await using system = await EngineSystem.start(setup, {
      strategy: 'swap',
      fromStore: false,
      statics: undefined,
    });
    await system.records.fill(records);
    await using stream = await UdpStream.start(lab, { rate, flows: 16, log });
    await delay(1000);
    const calm: number[] = [];
    const converting: number[] = [];
    const durationsMs: number[] = [];
    const roundsUs: number[] = [];
    const uninterruptedUs: number[] = [];
    for (let run = 0; run < runs; ++run) {
      const { breaks } = await system.change(run);
      const begin = BigInt(breaks[0]?.beginNs ?? 0);
      const end = await system.converted();
      const before = await stream.packets(begin - (end - begin), begin - 1n);
      const during = await stream.packets(begin, end);
      calm.push(...before.map(({ delayUs }) => delayUs));
      converting.push(...during.map(({ delayUs }) => delayUs));
      durationsMs.push(Number(end - begin) / 1e6);
      const longest = await system.longestConversion();
      roundsUs.push(longest.wallNs / 1000);
      uninterruptedUs.push(longest.uninterruptedNs / 1000);
      say(
        `run ${run + 1}: converted within ${durationsMs.at(-1)?.toFixed(0)} ms, at most ` +
          `${roundsUs.at(-1)?.toFixed(1)} µs of a round, ${uninterruptedUs.at(-1)?.toFixed(1)} µs of one that nobody interrupted`,
      );
    }
    const { lost, duplicated, reordered } = await stream.stop();
    const longest = Math.max(...uninterruptedUs);
    yield {
      experiment: 'schema',
      strategy: 'swap',
      rate_pps: rate,
      records,
      shards,
      runs,
      lost,
      duplicated,
      reordered,
      convert_ms: percentilesOf(durationsMs),
      /** From generator to sink, without a conversion and with one. */
      delay_us: { calm: percentilesOf(calm), converting: percentilesOf(converting) },
      packets: { calm: calm.length, converting: converting.length },
      /** How much longer a round is for what it converts, at most: of any, and of those that no other program interrupted. */
      longest_of_round_us: { any: Math.max(...roundsUs), uninterrupted: longest },
      target: `no batch waits longer than ${limit} µs for records that are converted`,
      missed: longest <= limit ? [] : [`${longest.toFixed(1)} µs of a round`],
      samples: { convert_ms: durationsMs, of_round_us: roundsUs, of_uninterrupted_round_us: uninterruptedUs },
      machine,
    };
  },
};
