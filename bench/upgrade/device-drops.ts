/** Packets that the kernel's queues behind the laboratory's devices refused. */
import type { LabPlace, NetworkLab } from '../lab/network-lab.ts';

/** A veth counts a packet as not sent when the queue behind its peer is full. */
export async function readDeviceDrops(lab: NetworkLab): Promise<number> {
  const { clientSide, serverSide } = lab.engine;
  const devices: Readonly<Record<LabPlace, readonly string[]>> = {
    client: [lab.client.device],
    server: [lab.server.device],
    engine: [clientSide.device, serverSide.device],
  };
  const counts = await Promise.all(
    Object.entries(devices).map(async ([place, names]) => {
      const files = names.map((name) => `/sys/class/net/${name}/statistics/tx_dropped`);
      const { stdout } = await lab.exec(place as LabPlace, ['cat', ...files]);
      return stdout.split('\n').reduce((sum, line) => sum + Number(line), 0);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
