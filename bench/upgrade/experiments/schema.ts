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
    const processorUs: number[] = [];
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
      processorUs.push(longest.processorNs / 1000);
      say(
        `run ${run + 1}: converted within ${durationsMs.at(-1)?.toFixed(0)} ms, ` +
          `longest round ${roundsUs.at(-1)?.toFixed(1)} µs, of processor time ${processorUs.at(-1)?.toFixed(1)} µs`,
      );
    }
    const { lost, duplicated, reordered } = await stream.stop();
    const longest = Math.max(...processorUs);
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
      /** Of a shard while it converts: by the clock, and of its own processor time. */
      longest_round_us: { wall: Math.max(...roundsUs), processor: longest },
      target: `no round longer than ${limit} µs`,
      missed: longest <= limit ? [] : [`a round of ${longest.toFixed(1)} µs`],
      samples: { convert_ms: durationsMs, round_us: roundsUs, round_processor_us: processorUs },
      machine,
    };
  },
};
