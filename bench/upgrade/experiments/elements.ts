/** How long a break is when one upgrade replaces 1, 2, … 50 elements: CLICK-UP's first experiment. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildElement } from '../../../engine/upgrade/build-element.ts';
import { EngineProcess } from '../../lab/engine-process.ts';
import { NetworkLab } from '../../lab/network-lab.ts';
import { figuresOf } from '../figures.ts';
import { rowOf } from '../row.ts';
import { swap } from '../strategies/swap.ts';
import type { Change, System } from '../system.ts';
import { UpgradesUnderTraffic } from '../upgrades-under-traffic.ts';
import type { Experiment, ExperimentSetting } from './experiment.ts';
import { stageClass, stageSource, stagesConfiguration } from './stage-source.ts';

const counts = [1, 2, 5, 10, 20, 30, 40, 50];
const stages = 50;
const shards = 2;
const rate = 50_000;
/** Compilers at a time. */
const compilers = 2;

export const elements: Experiment = {
  name: 'elements',
  summary: `break against the number of elements that one upgrade replaces, ${counts[0]} to ${stages}`,
  seconds: (runs) => 60 + counts.length * (4 + 1.5 * runs),
  async *run({ directory, runs, settleMs, trialMs, placement, say }) {
    const libraries = await buildStages(directory, say);
    await using lab = await NetworkLab.create(swap.lab);
    await using system = await StagesSystem.start(lab, directory, libraries, placement(shards).shards);
    for (const replaced of counts) {
      say(`${replaced} elements`);
      system.replaced = replaced;
      const options = { runs, settleMs, trialMs, connections: 1, placement: placement(shards) };
      const traffic = new UpgradesUnderTraffic(lab, system, swap, options, (text) => say(`  ${text}`));
      const measurement = await traffic.measure({ strategy: 'swap', rate, records: 0, shards });
      yield { experiment: 'elements', replaced, ...rowOf(measurement, figuresOf(measurement)) };
      await system.goBack();
    }
  },
};

/** Builds both versions of each; the second ones by class. */
async function buildStages(
  directory: string,
  say: ExperimentSetting['say'],
): Promise<ReadonlyMap<string, string>> {
  const begin = performance.now();
  await mkdir(join(directory, 'elements'));
  const second = new Map<string, string>();
  const classes = Array.from({ length: stages }, (_, i) => stageClass(i + 1));
  const build = async (className: string, version: 1 | 2): Promise<string> => {
    const file = join(directory, `${className}-${version}.cc`);
    await writeFile(file, stageSource(className, version));
    return buildElement(file);
  };
  const queue = classes.values();
  const compile = async (): Promise<void> => {
    for (const className of queue) {
      await copyFile(await build(className, 1), join(directory, 'elements', `${className}.so`));
      second.set(className, await build(className, 2));
    }
  };
  await Promise.all(Array.from({ length: compilers }, compile));
  say(`${2 * stages} libraries in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  return second;
}

class StagesSystem implements System {
  /** How many elements a change replaces. */
  replaced = 1;
  readonly #engine: EngineProcess;
  readonly #libraries: ReadonlyMap<string, string>;
  #second = false;

  private constructor(engine: EngineProcess, libraries: ReadonlyMap<string, string>) {
    this.#engine = engine;
    this.#libraries = libraries;
  }

  static async start(
    lab: NetworkLab,
    directory: string,
    libraries: ReadonlyMap<string, string>,
    cpus: readonly number[] | undefined,
  ): Promise<StagesSystem> {
    const file = join(directory, 'stages.click');
    await writeFile(file, stagesConfiguration(stages));
    const engine = await EngineProcess.start({
      file,
      control: join(directory, 'control.sock'),
      threads: shards,
      defines: { CLIENT_DEV: lab.engine.clientSide.device, SERVER_DEV: lab.engine.serverSide.device },
      options: ['--library-path', join(directory, 'elements')],
      ...(cpus === undefined ? {} : { cpus: cpus.join(',') }),
    });
    return new StagesSystem(engine, libraries);
  }

  async change(): Promise<Change> {
    const { client } = this.#engine;
    const changed = [...this.#libraries].sort().slice(0, this.replaced);
    const report = this.#second ? await client.rollback() : await client.upgrade(Object.fromEntries(changed));
    this.#second = !this.#second;
    return { breaks: report.breaks, timings: report.timings };
  }

  /** To the first versions, so that the next change is forwards. */
  async goBack(): Promise<void> {
    if (this.#second) await this.change();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}
