/** Wires the laboratory's devices to two tap devices, where a virtual machine plugs its network cards in. */
import type { NetworkLab } from '../lab/network-lab.ts';

const taps = ['tap0', 'tap1'] as const;

/** In the engine's namespace (`engineNamespace`): each side gets a bridge of two ports, its device and its tap. */
export async function wireTaps(lab: NetworkLab): Promise<readonly [string, string]> {
  const { clientSide, serverSide } = lab.engine;
  const wire = (device: string, tap: string, bridge: string) => `
ip tuntap add ${tap} mode tap
tc qdisc del dev ${device} clsact 2>/dev/null || true
ip link add ${bridge} type bridge
for port in ${device} ${tap}; do ip link set $port up promisc on master ${bridge}; done
ip link set ${bridge} up`;
  const script = wire(clientSide.device, taps[0], 'wire0') + wire(serverSide.device, taps[1], 'wire1');
  await lab.exec('engine', ['sh', '-e', '-c', script]);
  return taps;
}
