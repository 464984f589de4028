/** What stands in a frame, field by field: Ethernet, ARP, IPv4, TCP, UDP and ICMP; the rest is the payload. */

export type HeaderFields = Map<string, string>;

/** `network`: where the IPv4 header is, when it was marked; otherwise it is looked for behind an Ethernet header. */
export function headerFields(frame: Uint8Array, network?: number): HeaderFields {
  const fields: HeaderFields = new Map([['length', String(frame.length)]]);
  const reader = new Reader(frame, fields);
  const marked = network !== undefined && network >= 0 && network < frame.length ? network : undefined;
  if (marked === undefined || marked >= 14) reader.ethernet(marked === undefined ? 0 : marked - 14);
  else if (marked > 0) reader.bytes('link', 0, marked);
  const type = fields.get('ether.type');
  const ip = marked ?? (type === '0800' ? reader.end : undefined);
  if (ip !== undefined) reader.ipv4(ip);
  else if (type === '0806') reader.arp();
  reader.payload();
  return fields;
}

class Reader {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #fields: HeaderFields;
  /** Where the headers read so far end. */
  end = 0;

  constructor(frame: Uint8Array, fields: HeaderFields) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#fields = fields;
  }

  ethernet(at: number): void {
    if (at > 0) this.bytes('before', 0, at);
    if (!this.#has(at, 14)) return;
    this.#fields.set('ether.dst', this.#colons(at));
    this.#fields.set('ether.src', this.#colons(at + 6));
    this.end = at + 14;
    if (this.#hex(at + 12, 2) === '8100' && this.#has(at, 18)) {
      this.#fields.set('vlan.tci', this.#hex(at + 14, 2));
      this.#fields.set('ether.type', this.#hex(at + 16, 2));
      this.end = at + 18;
    } else {
      this.#fields.set('ether.type', this.#hex(at + 12, 2));
    }
  }

  arp(): void {
    const at = this.end;
    if (!this.#has(at, 28)) return;
    this.#number('arp.operation', at + 6, 2);
    this.#fields.set('arp.sender_mac', this.#colons(at + 8));
    this.#fields.set('arp.sender_ip', this.#dots(at + 14));
    this.#fields.set('arp.target_mac', this.#colons(at + 18));
    this.#fields.set('arp.target_ip', this.#dots(at + 24));
    this.end = at + 28;
  }

  ipv4(at: number): void {
    const words = this.#has(at, 20) ? this.#frame[at]! & 15 : 0;
    if (words < 5 || this.#frame[at]! >> 4 !== 4 || !this.#has(at, words * 4)) return;
    this.#number('ip.tos', at + 1, 1);
    this.#number('ip.length', at + 2, 2);
    this.#number('ip.id', at + 4, 2);
    this.#fields.set('ip.fragment', this.#hex(at + 6, 2));
    this.#number('ip.ttl', at + 8, 1);
    this.#number('ip.protocol', at + 9, 1);
    this.#checksum('ip.checksum', at + 10, this.#sum(at, at + words * 4));
    this.#fields.set('ip.src', this.#dots(at + 12));
    this.#fields.set('ip.dst', this.#dots(at + 16));
    if (words > 5) this.bytes('ip.options', at + 20, at + words * 4);
    this.end = at + words * 4;
    const whole = (this.#view.getUint16(at + 6) & 0x3fff) === 0;
    const end = Math.min(at + this.#view.getUint16(at + 2), this.#frame.length);
    const protocol = this.#frame[at + 9]!;
    if (protocol === 6 && whole) this.#tcp(at, end);
    if (protocol === 17 && whole) this.#udp(at, end);
    if (protocol === 1 && whole) this.#icmp(end);
  }

  #tcp(ip: number, end: number): void {
    const at = this.end;
    if (end - at < 20) return;
    const header = (this.#frame[at + 12]! >> 4) * 4;
    if (header < 20 || header > end - at) return;
    this.#number('tcp.sport', at, 2);
    this.#number('tcp.dport', at + 2, 2);
    this.#number('tcp.seq', at + 4, 4);
    this.#number('tcp.ack', at + 8, 4);
    this.#fields.set('tcp.flags', this.#hex(at + 13, 1));
    this.#number('tcp.window', at + 14, 2);
    this.#checksum('tcp.checksum', at + 16, this.#transportSum(ip, end));
    this.#number('tcp.urgent', at + 18, 2);
    if (header > 20) this.bytes('tcp.options', at + 20, at + header);
    this.end = at + header;
  }

  #udp(ip: number, end: number): void {
    const at = this.end;
    if (end - at < 8) return;
    this.#number('udp.sport', at, 2);
    this.#number('udp.dport', at + 2, 2);
    this.#number('udp.length', at + 4, 2);
    const none = this.#view.getUint16(at + 6) === 0;
    if (none) this.#fields.set('udp.checksum', 'none');
    else this.#checksum('udp.checksum', at + 6, this.#transportSum(ip, end));
    this.end = at + 8;
  }

  #icmp(end: number): void {
    const at = this.end;
    if (end - at < 8) return;
    this.#number('icmp.type', at, 1);
    this.#number('icmp.code', at + 1, 1);
    this.#checksum('icmp.checksum', at + 2, this.#sum(at, end));
    this.bytes('icmp.rest', at + 4, at + 8);
    this.end = at + 8;
  }

  payload(): void {
    if (this.end < this.#frame.length) this.bytes('payload', this.end, this.#frame.length);
  }

  bytes(name: string, from: number, to: number): void {
    this.#fields.set(name, this.#hex(from, to - from));
    this.end = Math.max(this.end, to);
  }

  /** A checksum that fits says nothing that the other fields do not say. */
  #checksum(name: string, at: number, sum: number): void {
    this.#fields.set(name, sum === 0xffff ? 'right' : `wrong (${this.#hex(at, 2)})`);
  }
  #transportSum(ip: number, end: number): number {
    const length = end - this.end;
    return fold(this.#sum(this.end, end) + this.#sum(ip + 12, ip + 20) + this.#frame[ip + 9]! + length);
  }
  /** The one's complement sum, which is 0xffff over what carries its right checksum. */
  #sum(from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i += 2) sum += (this.#frame[i]! << 8) | (i + 1 < to ? this.#frame[i + 1]! : 0);
    return fold(sum);
  }

  #has(at: number, size: number): boolean {
    return at + size <= this.#frame.length;
  }
  #number(name: string, at: number, size: 1 | 2 | 4): void {
    const view = this.#view;
    const value = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
    this.#fields.set(name, String(value));
  }
  #hex(at: number, size: number): string {
    return Buffer.from(this.#frame.buffer, this.#frame.byteOffset + at, size).toString('hex');
  }
  #colons(at: number): string {
    return this.#hex(at, 6).replace(/..(?=.)/g, '$&:');
  }
  #dots(at: number): string {
    return this.#frame.subarray(at, at + 4).join('.');
  }
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}
