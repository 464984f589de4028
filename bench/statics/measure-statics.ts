/** Upgrades of one element, again and again, with all its static variables carried over. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../engine/engine.ts';
import type { StaticsMode, Strategy, UpgradeReport } from '../../engine/engine-types.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { type MeterShape, meterSource } from './meter-source.ts';

export interface StaticsScenario extends MeterShape {
  readonly name: string;
  readonly way: StaticsMode;
  /** The new version has a variable more. */
  readonly changed: boolean;
}

export interface StaticsSamples {
  readonly how: string;
  readonly bytes: number;
  /** µs outside the gap: finding the variables of the new library, pairing them, and all of the prepare step. */
  readonly readUs: readonly number[];
  readonly matchUs: readonly number[];
  readonly prepareUs: readonly number[];
  readonly breakUs: readonly number[];
}

const configuration = 'RatedSource(RATE 20000) -> m :: Meter -> Discard;';

/** @throws Error when a number was not carried over */
export async function measureStatics(
  scenario: StaticsScenario,
  strategy: Strategy,
  runs: number,
  directory: string,
): Promise<StaticsSamples> {
  const libraries = join(directory, 'installed');
  mkdirSync(libraries, { recursive: true });
  const [old, next] = await buildVersions(scenario, directory);
  copyFileSync(old, join(libraries, 'Meter.so'));
  await using engine = await Engine.start({ configuration, libraryPath: [libraries], statics: scenario.way });
  const reports: UpgradeReport[] = [];
  for (let run = 0; run < runs; ++run) {
    await engine.write('m.touch');
    const sum = await engine.read('m.sum');
    reports.push(await engine.upgrade({ Meter: next }, { strategy }));
    if ((await engine.read('m.sum')) !== sum)
      throw new Error(`${scenario.name}: a number was not carried over`);
    await engine.rollback({ strategy });
  }
  const [first] = reports;
  const statics = first?.statics?.[0];
  const samples = (of: (report: UpgradeReport) => number) => reports.map((report) => of(report) / 1000);
  return {
    how: statics?.how ?? 'mapped',
    bytes: statics?.bytes ?? first?.actions.flatMap(({ states }) => states)[0]?.bytes ?? 0,
    readUs: samples((report) => report.statics?.[0]?.readNs ?? 0),
    matchUs: samples((report) => report.statics?.[0]?.matchNs ?? 0),
    prepareUs: samples((report) => (report.timings.prepare ?? 0) * 1e6),
    breakUs: samples((report) => report.breaks[0]?.breakNs ?? 0),
  };
}

async function buildVersions(
  { way, changed, ...shape }: StaticsScenario,
  directory: string,
): Promise<[string, string]> {
  const build = (version: string, adds: boolean) => {
    const file = join(directory, `Meter-${version}.cc`);
    writeFileSync(file, meterSource(shape, { declared: way === 'mapped', version, adds }));
    return buildElement(file, { statics: way, cacheDirectory: directory });
  };
  return [await build('1.0.0', false), await build('1.1.0', changed)];
}
