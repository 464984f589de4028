import t from 'tap';
import { pcapngHeader, pcapngPacket } from './pcapng.ts';

/** The blocks of a file, read back as the format describes them. */
function blocks(bytes: Uint8Array): { type: number; body: Buffer }[] {
  const file = Buffer.from(bytes);
  const found = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at + 4);
    t.equal(length % 4, 0, 'blocks are whole words');
    t.equal(file.readUInt32LE(at + length - 4), length, 'the length stands at both ends');
    found.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return found;
}

t.test('a file begins with a section and an interface with nanoseconds', (t) => {
  const [section, description, ...rest] = blocks(pcapngHeader('c[0]', 2048));
  t.equal(section?.type, 0x0a0d0d0a);
  t.equal(section?.body.readUInt32LE(0), 0x1a2b3c4d);
  t.equal(description?.type, 1);
  t.equal(description?.body.readUInt16LE(0), 1, 'Ethernet');
  t.equal(description?.body.readUInt32LE(4), 2048);
  const name = description!.body.subarray(8);
  t.same([name.readUInt16LE(0), name.readUInt16LE(2), name.subarray(4, 8).toString()], [2, 4, 'c[0]']);
  t.same([name.readUInt16LE(8), name.readUInt16LE(10), name[12]], [9, 1, 9], 'if_tsresol: 10^-9');
  t.equal(rest.length, 0);
  t.end();
});

t.test('a packet has its time, both lengths, and its bytes padded to words', (t) => {
  const time = 1_795_183_708_175_123_456n;
  const [packet] = blocks(pcapngPacket(time, Uint8Array.of(1, 2, 3, 4, 5), 60));
  t.equal(packet?.type, 6);
  const { body } = packet!;
  t.equal((BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8)), time);
  t.same([body.readUInt32LE(0), body.readUInt32LE(12), body.readUInt32LE(16)], [0, 5, 60]);
  t.same([...body.subarray(20)], [1, 2, 3, 4, 5, 0, 0, 0]);
  t.equal(blocks(pcapngPacket(time, new Uint8Array(0), 0)).length, 1);
  t.end();
});
