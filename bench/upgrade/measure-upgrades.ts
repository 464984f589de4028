/** A laboratory with a system between its sides, measured at one rate after the other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetworkLab } from '../lab/network-lab.ts';
import type { CombinationGroup } from './matrix.ts';
import type { Measurement } from './measurement.ts';
import type { UpgradeBenchOptions } from './options.ts';
import { compareRecords } from './record-comparison.ts';
import type { System } from './system.ts';
import { UpgradesUnderTraffic } from './upgrades-under-traffic.ts';

type Say = (text: string) => void;

/** Yields a measurement for each rate of the group. */
export async function* measureUpgrades(
  { strategy, shards, records, rates, runs }: CombinationGroup,
  options: UpgradeBenchOptions,
  say: Say,
): AsyncGenerator<Measurement, void, undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-upgrade-'));
  try {
    await using lab = await NetworkLab.create(strategy.lab);
    const placement = options.placement(shards);
    await using system = await strategy.start({ lab, directory, shards, placement, say });
    let known = await fill(system, records, say);
    const { settleMs, trialMs, connections } = options;
    const trafficOptions = { runs, settleMs, trialMs, connections, placement };
    const traffic = new UpgradesUnderTraffic(lab, system, strategy, trafficOptions, say);
    for (const rate of rates) {
      const measured = await traffic.measure({ strategy: strategy.name, rate, records, shards });
      if (!known || !system.records) {
        yield measured;
        continue;
      }
      const now = await system.records.dump(records);
      yield { ...measured, records: compareRecords(known, now) };
      known = now;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fill(
  { records: keeper }: System,
  records: number,
  say: Say,
): Promise<Map<string, string> | undefined> {
  if (records === 0 || !keeper) return undefined;
  const begin = performance.now();
  await keeper.fill(records);
  const filled = performance.now();
  const dump = await keeper.dump(records);
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  say(`${records} records in ${seconds(filled - begin)} s, read in ${seconds(performance.now() - filled)} s`);
  return dump;
}
