/**
 * The firewall behind an element that keeps numbers in static variables of its library: declared in a section, or plain
 * ones that are carried over by symbol or by the layout that the build has written.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StaticsMode } from '../../../engine/engine-types.ts';
import { HotclickError } from '../../../engine/errors.ts';
import { buildElement } from '../../../engine/upgrade/build-element.ts';
import { meterSource } from '../../statics/meter-source.ts';
import { lastingFirewall } from './firewall-configuration.ts';

const shape = { variables: 64, block: 0 };
const place = 'from_client[1] -> ';

export interface MeteredFirewall {
  readonly configuration: string;
  /** Where the engine finds Meter's first version. */
  readonly libraryPath: string;
  /** Built second version of Meter. */
  readonly secondVersion: string;
}

/** Builds both versions of Meter in `directory`. @throws HotclickError HC_LAB when the firewall has no place for it */
export async function meteredFirewall(statics: StaticsMode, directory: string): Promise<MeteredFirewall> {
  const configuration = await lastingFirewall();
  if (!configuration.includes(place)) {
    throw new HotclickError('HC_LAB', `the configuration does not contain '${place}'`);
  }
  const build = async (version: string) => {
    const file = join(directory, `Meter-${version}.cc`);
    await writeFile(file, meterSource(shape, { declared: statics === 'mapped', version, adds: false }));
    return buildElement(file, { statics });
  };
  const libraryPath = join(directory, 'elements');
  await mkdir(libraryPath);
  await copyFile(await build('1.0.0'), join(libraryPath, 'Meter.so'));
  return {
    configuration: configuration.replace(place, `${place}m :: Meter -> `),
    libraryPath,
    secondVersion: await build('1.1.0'),
  };
}
