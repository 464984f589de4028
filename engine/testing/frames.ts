/** Frames for tests: Ethernet, IPv4, TCP, UDP, ICMP and ARP with right lengths and checksums. */

export interface EthernetFields {
  readonly src?: string;
  readonly dst?: string;
  readonly type?: number;
}

export interface Ipv4Fields {
  readonly src?: string;
  readonly dst?: string;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly protocol?: number;
  /** Flags and fragment offset, as they stand in the header. */
  readonly fragment?: number;
  readonly options?: Uint8Array;
  /** false gives the bare IP packet. */
  readonly link?: boolean;
  readonly ethernet?: EthernetFields;
  readonly payload?: Uint8Array | string;
}

export interface PortFields {
  readonly sport?: number;
  readonly dport?: number;
}

export interface TcpFields extends Ipv4Fields, PortFields {
  /** Letters of 'FSRPAU'. */
  readonly flags?: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly tcpOptions?: Uint8Array;
}

export interface IcmpFields extends Ipv4Fields {
  readonly type?: number;
  readonly code?: number;
  /** Second word of the header: identifier and sequence number of an echo. */
  readonly identifier?: number;
  readonly sequence?: number;
}

export interface ArpFields {
  readonly senderMac?: string;
  readonly senderIp?: string;
  readonly targetMac?: string;
  readonly targetIp?: string;
  readonly ethernet?: EthernetFields;
}

export const defaultMac = { src: '02:00:00:00:00:01', dst: '02:00:00:00:00:02' };

export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}
export function ipBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}
export function ipText(bytes: Uint8Array, offset = 0): string {
  return [...bytes.subarray(offset, offset + 4)].join('.');
}

/** The Internet checksum (RFC 1071) of some bytes. */
export function internetChecksum(...parts: Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function ethernet(fields: EthernetFields, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set(macBytes(fields.dst ?? defaultMac.dst), 0);
  frame.set(macBytes(fields.src ?? defaultMac.src), 6);
  new DataView(frame.buffer).setUint16(12, fields.type ?? 0x0800);
  frame.set(payload, 14);
  return frame;
}

/** An IPv4 packet around `payload` (bytes of the transport header and on). */
export function ipv4(fields: Ipv4Fields & { readonly protocol: number }, payload: Uint8Array): Uint8Array {
  const options = fields.options ?? new Uint8Array(0);
  const headerLength = 20 + options.length;
  const packet = new Uint8Array(headerLength + payload.length);
  const view = new DataView(packet.buffer);
  packet[0] = 0x40 | (headerLength / 4);
  packet[1] = fields.tos ?? 0;
  view.setUint16(2, packet.length);
  view.setUint16(4, fields.id ?? 1);
  view.setUint16(6, fields.fragment ?? 0);
  packet[8] = fields.ttl ?? 64;
  packet[9] = fields.protocol;
  packet.set(ipBytes(fields.src ?? '10.1.0.2'), 12);
  packet.set(ipBytes(fields.dst ?? '10.2.0.2'), 16);
  packet.set(options, 20);
  view.setUint16(10, internetChecksum(packet.subarray(0, headerLength)));
  packet.set(payload, headerLength);
  return fields.link === false ? packet : ethernet({ type: 0x0800, ...fields.ethernet }, packet);
}

function bytesOf(payload: Uint8Array | string | undefined): Uint8Array {
  if (payload === undefined) return new Uint8Array(0);
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}

function transportChecksum(fields: Ipv4Fields, protocol: number, segment: Uint8Array): number {
  const pseudo = new Uint8Array(12);
  pseudo.set(ipBytes(fields.src ?? '10.1.0.2'), 0);
  pseudo.set(ipBytes(fields.dst ?? '10.2.0.2'), 4);
  pseudo[9] = protocol;
  new DataView(pseudo.buffer).setUint16(10, segment.length);
  return internetChecksum(pseudo, segment);
}

export function ipv4Udp(fields: Ipv4Fields & PortFields = {}): Uint8Array {
  const payload = bytesOf(fields.payload);
  const datagram = new Uint8Array(8 + payload.length);
  const view = new DataView(datagram.buffer);
  view.setUint16(0, fields.sport ?? 1234);
  view.setUint16(2, fields.dport ?? 53);
  view.setUint16(4, datagram.length);
  datagram.set(payload, 8);
  view.setUint16(6, transportChecksum(fields, 17, datagram) || 0xffff);
  return ipv4({ ...fields, protocol: 17 }, datagram);
}

export function ipv4Tcp(fields: TcpFields = {}): Uint8Array {
  const payload = bytesOf(fields.payload);
  const options = fields.tcpOptions ?? new Uint8Array(0);
  const segment = new Uint8Array(20 + options.length + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, fields.sport ?? 1234);
  view.setUint16(2, fields.dport ?? 80);
  view.setUint32(4, fields.seq ?? 0);
  view.setUint32(8, fields.ack ?? 0);
  segment[12] = ((20 + options.length) / 4) << 4;
  for (const flag of fields.flags ?? 'S') segment[13]! |= 1 << 'FSRPAU'.indexOf(flag);
  view.setUint16(14, fields.window ?? 65535);
  segment.set(options, 20);
  segment.set(payload, 20 + options.length);
  view.setUint16(16, transportChecksum(fields, 6, segment));
  return ipv4({ ...fields, protocol: 6 }, segment);
}

export function icmp(fields: IcmpFields = {}): Uint8Array {
  const payload = bytesOf(fields.payload);
  const message = new Uint8Array(8 + payload.length);
  const view = new DataView(message.buffer);
  message[0] = fields.type ?? 8;
  message[1] = fields.code ?? 0;
  view.setUint16(4, fields.identifier ?? 1);
  view.setUint16(6, fields.sequence ?? 1);
  message.set(payload, 8);
  view.setUint16(2, internetChecksum(message));
  return ipv4({ ...fields, protocol: 1 }, message);
}

/** An echo request (type 8), or whatever `type` says. */
export const icmpEcho = icmp;

function arp(operation: number, fields: ArpFields): Uint8Array {
  const message = new Uint8Array(28);
  const view = new DataView(message.buffer);
  view.setUint16(0, 1);
  view.setUint16(2, 0x0800);
  message[4] = 6;
  message[5] = 4;
  view.setUint16(6, operation);
  message.set(macBytes(fields.senderMac ?? defaultMac.src), 8);
  message.set(ipBytes(fields.senderIp ?? '10.1.0.2'), 14);
  message.set(macBytes(fields.targetMac ?? '00:00:00:00:00:00'), 18);
  message.set(ipBytes(fields.targetIp ?? '10.1.0.1'), 24);
  const broadcast = operation === 1 ? 'ff:ff:ff:ff:ff:ff' : defaultMac.dst;
  return ethernet({ dst: broadcast, ...fields.ethernet, type: 0x0806 }, message);
}
export const arpRequest = (fields: ArpFields = {}): Uint8Array => arp(1, fields);
export const arpReply = (fields: ArpFields = {}): Uint8Array => arp(2, fields);
