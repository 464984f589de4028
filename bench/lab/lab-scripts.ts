import type { LabEngineSide, LabHost, LabPlan } from './lab-plan.ts';

/**
 * The shell scripts that set a laboratory up, each run with `sh -e` in one namespace. Settings go through /proc
 * since a minimal installation has no `sysctl` program.
 */

const setting = `setting() { [ ! -e "/proc/sys/net/$1" ] || echo "$2" > "/proc/sys/net/$1"; }`;

/**
 * veth leaves checksums unfinished and packets merged for the receiver's kernel to sort out; an engine that reads
 * frames needs them as a wire would carry them.
 */
const noOffloads = (device: string) =>
  `ethtool -K ${device} tx off rx off tso off gso off gro off >/dev/null`;

/** A new namespace: loopback on, IPv6 off before any device can ask its neighbours about it. */
export const prepareNamespace = `${setting}
setting ipv6/conf/all/disable_ipv6 1
setting ipv6/conf/default/disable_ipv6 1
ip link set lo up`;

/** Makes the two veth pairs; run where the engine runs. */
export function makeDevices({ client, server, engine }: LabPlan): string {
  const pair = (side: LabEngineSide, host: LabHost) => `
ip link add name ${side.device} address ${side.mac} type veth peer name ${host.device} address ${host.mac} netns ${host.namespace}
setting ipv6/conf/${side.device}/disable_ipv6 1
${noOffloads(side.device)}
ip link set ${side.device} up`;
  return setting + pair(engine.clientSide, client) + pair(engine.serverSide, server);
}

/** Gives a host its address, its route and, where wanted, what ARP would have told it. */
export function prepareHost(host: LabHost, neighbour: { ip: string; mac: string } | undefined): string {
  return [
    noOffloads(host.device),
    `ip address add ${host.ip}/${host.prefixLength} dev ${host.device}`,
    `ip link set ${host.device} up`,
    host.gateway === undefined ? '' : `ip route add default via ${host.gateway}`,
    neighbour === undefined
      ? ''
      : `ip neighbour replace ${neighbour.ip} lladdr ${neighbour.mac} dev ${host.device} nud permanent`,
  ].join('\n');
}

/**
 * Keeps the kernel of the engine's namespace from answering, forwarding or even looking at what arrives: the
 * engine's packet sockets get their copy before the filter drops the packet. Without the filter (a kernel without
 * it) the settings do, at the price of a route lookup for each packet.
 */
export function silenceKernel({ engine }: LabPlan): string {
  const silence = ({ device }: LabEngineSide) => `
setting ipv4/conf/${device}/forwarding 0
setting ipv4/conf/${device}/arp_ignore 8
if tc qdisc add dev ${device} clsact 2>/dev/null; then
  tc filter add dev ${device} ingress matchall action drop 2>/dev/null || tc qdisc del dev ${device} clsact
fi`;
  return setting + silence(engine.clientSide) + silence(engine.serverSide);
}

/** Lets the kernel of the engine's namespace do what otherwise the engine does. */
export function forwardInKernel({ mode, engine, client }: LabPlan): string {
  const sides = [engine.clientSide, engine.serverSide];
  if (mode === 'bridge') {
    return [
      'ip link add name bridge0 type bridge',
      ...sides.map((side) => `ip link set ${side.device} master bridge0`),
      'ip link set bridge0 up',
    ].join('\n');
  }
  return [
    setting,
    ...sides.map((side) => `ip address add ${side.ip}/${client.prefixLength} dev ${side.device}`),
    'setting ipv4/ip_forward 1',
  ].join('\n');
}
