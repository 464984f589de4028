/** A long transfer through a translator of addresses that is upgraded midway: CLICK-UP's third experiment. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageRoot } from '../../../engine/datapath/paths.ts';
import { buildElement } from '../../../engine/upgrade/build-element.ts';
import { Downloads } from '../../lab/downloads.ts';
import { EngineProcess } from '../../lab/engine-process.ts';
import { NetworkLab } from '../../lab/network-lab.ts';
import { machine } from '../../machine.ts';
import { percentilesOf } from '../percentile.ts';
import type { Experiment } from './experiment.ts';
import { natConfiguration } from './nat-configuration.ts';

/** Bits/s of content. */
const rate = 80_000_000;
/** ms before and after the upgrade. */
const half = 2000;
const shards = 2;

export const nat: Experiment = {
  name: 'nat',
  summary: 'a long transfer through IPRewriter, upgraded midway',
  seconds: (runs) => 5 + transfers(runs) * (2 + (2 * half) / 1000),
  async *run({ directory, runs, placement, say }) {
    const library = await secondRewriter(directory);
    await using lab = await NetworkLab.create({ mode: 'router', staticNeighbours: true });
    const file = join(directory, 'nat.click');
    await writeFile(file, natConfiguration(lab));
    const { shards: cpus } = placement(shards);
    await using engine = await EngineProcess.start({
      file,
      control: join(directory, 'nat.sock'),
      threads: shards,
      ...(cpus === undefined ? {} : { cpus: cpus.join(',') }),
    });
    const breaksUs: number[] = [];
    const stallsMs: number[] = [];
    const sum = { complete: 0, corrupted: 0, bytes: 0, retransmits: 0 };
    for (let transfer = 1; transfer <= transfers(runs); ++transfer) {
      await using download = await Downloads.start(lab, { connections: 1, rate });
      await delay(half);
      await download.report();
      const { breaks } = await (transfer % 2 === 1
        ? engine.client.upgrade({ IPRewriter: library })
        : engine.client.rollback());
      await delay(half);
      const { stallMs } = await download.report();
      const { complete, corrupted, bytes, retransmits } = await download.stop();
      breaksUs.push(...breaks.map(({ breakNs }) => breakNs / 1000));
      stallsMs.push(stallMs);
      for (const [key, value] of Object.entries({ complete, corrupted, bytes, retransmits })) {
        sum[key as keyof typeof sum] += value;
      }
      say(
        `transfer ${transfer}: ${bytes} bytes, ${complete}/1 complete, longest stall ${stallMs.toFixed(0)} ms`,
      );
    }
    yield {
      experiment: 'nat',
      strategy: 'swap',
      shards,
      transfers: transfers(runs),
      ...sum,
      stall_ms: percentilesOf(stallsMs),
      break_us: percentilesOf(breaksUs),
      samples: { break_us: breaksUs, stall_ms: stallsMs },
      machine,
    };
  },
};

/** Fewer than the upgrades of other rows: each is a transfer of its own. */
function transfers(runs: number): number {
  return Math.max(2, Math.round(runs / 2));
}

/** IPRewriter once more, as another library: a rebuild that changed nothing else is an upgrade too. */
async function secondRewriter(directory: string): Promise<string> {
  const original = join(packageRoot, 'native', 'elements', 'flow', 'IPRewriter.cc');
  const file = join(directory, 'IPRewriter.cc');
  const mark = 'extern const char rebuilt[] __attribute__((used)) = "another build";';
  await writeFile(file, `#include "${original}"\n${mark}\n`);
  return buildElement(file);
}
