/** The firewall that the engine's own strategies upgrade: its configuration for a long measurement, and version 2. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../../engine/datapath/paths.ts';
import { HotclickError } from '../../../engine/errors.ts';
import { buildElement } from '../../../engine/upgrade/build-element.ts';

const opening = 'fw :: Firewall(';
const timeouts = 'UDP_TIMEOUT 86400, UDP_STREAM_TIMEOUT 86400,';

/** Its record has one field more. */
const secondVersion = join(packageRoot, 'examples', 'firewall', 'v2', 'Firewall.cc');

/** The built library: compiling is outside of all that is measured. */
export function builtSecondVersion(): Promise<string> {
  return buildElement(secondVersion);
}

/** examples/firewall.click, whose UDP connections do not run out while it lasts. */
export async function lastingFirewall(): Promise<string> {
  return withTimeouts(await readFile(join(packageRoot, 'examples', 'firewall.click'), 'utf8'));
}

/** The configuration with UDP timeouts of a day. @throws HotclickError HC_LAB when it has no firewall `fw` */
export function withTimeouts(configuration: string): string {
  if (!configuration.includes(opening)) {
    throw new HotclickError('HC_LAB', `the configuration does not declare '${opening}…'`);
  }
  return configuration.replace(opening, `${opening}\n  ${timeouts}`);
}
