/** A system behind two adapters of this machine, as a computer on the desk: what stands between client and server then. */
import type { NetworkLab } from '../../lab/network-lab.ts';

/** Names of network devices: the one at the system's client side, and the one at its server side. */
export interface Adapters {
  readonly client: string;
  readonly server: string;
}

/**
 * Moves the adapters into the engine's namespace and bridges each to the laboratory's device of that side. The kernel
 * gives them back when the namespace is removed.
 */
export function attachAdapters(lab: NetworkLab, { client, server }: Adapters): string {
  const { namespace, clientSide, serverSide } = lab.engine;
  const inside = `ip -n ${namespace}`;
  const side = (adapter: string, device: string, bridge: string) => `
ip link set ${adapter} netns ${namespace}
ip netns exec ${namespace} ethtool -K ${adapter} gro off lro off gso off tso off >/dev/null 2>&1 || true
${inside} link add name ${bridge} type bridge
${inside} link set ${device} master ${bridge}
${inside} link set ${adapter} master ${bridge} up
${inside} link set ${bridge} up`;
  return side(client, clientSide.device, 'bridge-c') + side(server, serverSide.device, 'bridge-s');
}
