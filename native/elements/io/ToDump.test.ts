import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

const directory = mkdtempSync(join(tmpdir(), 'hotclick-to-dump-'));
t.teardown(() => rmSync(directory, { recursive: true }));

const create = (outputs: number, ...args: string[]) =>
  ElementHarness.create('ToDump', args, { inputs: 1, outputs });
const timestamp = 1_700_000_000_123_456_789n;

t.test('packets go to the file and on to the output', (t) => {
  const path = join(directory, 'both.pcap');
  using h = create(1, path);
  const frame = ipv4Udp({ payload: 'hello' });
  h.push(0, [{ data: frame, timestamp }]);
  t.same([...(h.output(0)[0]?.data ?? [])], [...frame]);
  t.equal(h.read('count'), '1');
  h.advance(1000);
  const file = readFileSync(path);
  t.equal(file.readUInt32LE(0), 0xa1b2c3d4);
  t.equal(file.readUInt32LE(16), 2000, 'snap length');
  t.equal(file.readUInt32LE(20), 1, 'Ethernet');
  t.equal(file.readUInt32LE(24), 1_700_000_000);
  t.equal(file.readUInt32LE(28), 123_456);
  t.equal(file.readUInt32LE(32), frame.length);
  t.same([...file.subarray(40)], [...frame]);
  t.equal(h.read('filesize'), String(file.length));
  t.end();
});

t.test('without an output the packets end here', (t) => {
  const path = join(directory, 'sink.pcap');
  using h = create(0, path, 'UNBUFFERED true', 'NANO true', 'ENCAP IP', 'SNAPLEN 20');
  const free = h.freePackets();
  const packet = ipv4Udp({ payload: 'hello' }).subarray(14);
  h.push(0, [{ data: packet, timestamp }, packet]);
  t.equal(h.freePackets(), free);
  const file = readFileSync(path);
  t.equal(file.readUInt32LE(0), 0xa1b23c4d);
  t.equal(file.readUInt32LE(20), 101);
  t.equal(file.readUInt32LE(28), 123_456_789);
  t.equal(file.readUInt32LE(32), 20, 'captured');
  t.equal(file.readUInt32LE(36), packet.length, 'of the packet');
  t.equal(file.length, 24 + 2 * 36);
  t.equal(h.read('encap'), 'IP');
  t.end();
});

t.test('an upgrade writes on in the same file', (t) => {
  const path = join(directory, 'upgrade.pcap');
  using h = create(0, path);
  h.push(0, [ipv4Udp({})]);
  h.upgrade();
  h.push(0, [ipv4Udp({})]);
  h.write('flush');
  t.equal(readFileSync(path).length, 24 + 2 * (16 + ipv4Udp({}).length));
  t.equal(h.read('count'), '2');
  t.end();
});

t.test('it can be pulled through', (t) => {
  const path = join(directory, 'pull.pcap');
  using h = create(1, path);
  h.supply(0, [ipv4Udp({}), ipv4Udp({}), ipv4Udp({})]);
  t.equal(h.pull(0, 2).length, 2);
  t.equal(h.read('count'), '2');
  t.end();
});

t.test('what it writes FromDump reads', (t) => {
  const path = join(directory, 'again.pcap');
  {
    using h = create(0, path, 'NANO true');
    h.push(0, [{ data: ipv4Udp({ payload: 'again' }), timestamp }]);
  }
  using from = ElementHarness.create('FromDump', [path], { inputs: 0, outputs: 1 });
  from.run(2);
  const [packet] = from.output(0);
  t.same([...(packet?.data ?? [])], [...ipv4Udp({ payload: 'again' })]);
  t.equal(packet?.timestamp, timestamp);
  t.end();
});

t.test('mistakes are refused with a reason', (t) => {
  t.throws(() => create(0, join(directory, 'none', 'such')), {
    code: 'HC_CONFIGURE_FAILED',
    message: /cannot write/,
  });
  t.throws(() => create(0, '/dev/full'), { message: /No space left/ });
  t.throws(() => create(0, join(directory, 'x'), 'ENCAP FDDI'), { message: /ENCAP must be ETHER or IP/ });
  t.end();
});
