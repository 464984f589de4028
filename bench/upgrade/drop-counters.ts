/** Reads all that counts drops between the generator and the sink. */
import type { ControlClient } from '../../engine/control/client.ts';
import type { NetworkLab } from '../lab/network-lab.ts';
import type { DropCounters } from './attribution.ts';

export async function readDropCounters(lab: NetworkLab, client: ControlClient): Promise<DropCounters> {
  const { elements } = await client.stats();
  const byReason: Record<string, number> = {};
  let rings = 0;
  for (const { element, className, drops, unconnected } of elements) {
    for (const [reason, count] of Object.entries(drops)) byReason[`${element}: ${reason}`] = count;
    byReason[`${element}: not connected`] = unconnected;
    if (className === 'FromDevice') rings += Number(await client.read(`${element}.kernel_drops`));
  }
  return { elements: byReason, rings, devices: await deviceDrops(lab) };
}

/** A veth counts a packet as not sent when the queue behind its peer is full. */
async function deviceDrops(lab: NetworkLab): Promise<number> {
  const sent = ['client', 'server', 'engine'] as const;
  const counts = await Promise.all(
    sent.map(async (place) => {
      const devices =
        place === 'engine'
          ? [lab.engine.clientSide.device, lab.engine.serverSide.device]
          : [lab[place].device];
      const files = devices.map((device) => `/sys/class/net/${device}/statistics/tx_dropped`);
      const { stdout } = await lab.exec(place, ['cat', ...files]);
      return stdout
        .split('\n')
        .map(Number)
        .reduce((sum, count) => sum + count, 0);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
