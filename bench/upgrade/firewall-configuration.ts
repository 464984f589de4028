/** examples/firewall.click for a long measurement: its UDP connections do not run out while it lasts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { HotclickError } from '../../engine/errors.ts';

const opening = 'fw :: Firewall(';
const timeouts = 'UDP_TIMEOUT 86400, UDP_STREAM_TIMEOUT 86400,';

export const secondVersion = join(packageRoot, 'examples', 'firewall', 'v2', 'Firewall.cc');

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
