/** The pcapng capture format (draft-ietf-opsawg-pcapng): one section, one interface, enhanced packet blocks. */

const linkTypeEthernet = 1;
const sectionHeader = 0x0a0d0d0a;
const interfaceDescription = 1;
const enhancedPacket = 6;
const byteOrderMagic = 0x1a2b3c4d;

/** The start of a file: time stamps are nanoseconds. */
export function pcapngHeader(interfaceName: string, snaplen: number): Uint8Array {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(byteOrderMagic, 0);
  section.writeUInt16LE(1, 4);
  section.writeBigInt64LE(-1n, 8); // length not given
  const description = Buffer.alloc(8);
  description.writeUInt16LE(linkTypeEthernet, 0);
  description.writeUInt32LE(snaplen, 4);
  const options = Buffer.concat([
    option(2, Buffer.from(interfaceName)),
    option(9, Buffer.of(9)),
    option(0, Buffer.alloc(0)),
  ]);
  return Buffer.concat([
    block(sectionHeader, section),
    block(interfaceDescription, Buffer.concat([description, options])),
  ]);
}

/** One packet: `data` are its first bytes, `length` its length on the wire, `time` ns since the epoch. */
export function pcapngPacket(time: bigint, data: Uint8Array, length: number): Uint8Array {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(Number(time >> 32n), 4);
  head.writeUInt32LE(Number(time & 0xffff_ffffn), 8);
  head.writeUInt32LE(data.length, 12);
  head.writeUInt32LE(length, 16);
  return block(enhancedPacket, Buffer.concat([head, padded(data)]));
}

function block(type: number, body: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32LE(type, 0);
  out.writeUInt32LE(out.length, 4);
  out.set(body, 8);
  out.writeUInt32LE(out.length, out.length - 4);
  return out;
}

function option(code: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

function padded(data: Uint8Array): Uint8Array {
  const rest = data.length % 4;
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(4 - rest)]);
}
