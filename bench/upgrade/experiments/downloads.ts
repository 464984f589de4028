/** 50 parallel downloads through a firewall that is upgraded again and again: CLICK-UP's second experiment. */
import { NetworkLab } from '../../lab/network-lab.ts';
import { figuresOf } from '../figures.ts';
import { rowOf } from '../row.ts';
import { swap } from '../strategies/swap.ts';
import { UpgradesUnderTraffic } from '../upgrades-under-traffic.ts';
import type { Experiment } from './experiment.ts';

const connections = 50;
const shards = 2;
const rate = 20_000;

export const downloads: Experiment = {
  name: 'downloads',
  summary: `${connections} parallel downloads through a firewall that is upgraded`,
  seconds: (runs) => 8 + 1.5 * runs,
  async *run({ directory, runs, settleMs, trialMs, placement, say }) {
    await using lab = await NetworkLab.create(swap.lab);
    await using system = await swap.start({ lab, directory, shards, placement: placement(shards), say });
    const options = { runs, settleMs, trialMs, connections, placement: placement(shards) };
    const traffic = new UpgradesUnderTraffic(lab, system, swap, options, say);
    const measurement = await traffic.measure({ strategy: 'swap', rate, records: 0, shards });
    const { all, complete, corrupted, longestStallMs, retransmits } = measurement.connections;
    const connection = { all, complete, corrupted, longest_stall_ms: longestStallMs, retransmits };
    yield { experiment: 'downloads', connection, ...rowOf(measurement, figuresOf(measurement)) };
  },
};
