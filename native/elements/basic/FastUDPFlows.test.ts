import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { internetChecksum, ipBytes } from '../../../engine/testing/frames.ts';

const addresses = ['0:0:0:0:0:1', '1.0.0.1', '0:0:0:0:0:2', '2.0.0.2'];
const source = (limit: string, length: string, ...more: string[]) =>
  ElementHarness.create('FastUDPFlows', ['0', limit, length, ...addresses, ...more], { inputs: 0 });

function view({ data }: { data: Uint8Array }): DataView {
  return new DataView(data.buffer, data.byteOffset);
}
const portsOf = (packet: { data: Uint8Array }) => view(packet).getUint32(34);

function udpChecksum(frame: Uint8Array): number {
  const pseudo = new Uint8Array(12);
  pseudo.set(ipBytes('1.0.0.1'), 0);
  pseudo.set(ipBytes('2.0.0.2'), 4);
  pseudo[9] = 17;
  new DataView(pseudo.buffer).setUint16(10, frame.length - 34);
  return internetChecksum(pseudo, frame.subarray(34));
}

t.test('builds Ethernet, IP and UDP headers with right checksums and annotations', (t) => {
  for (const length of [60, 61, 64, 1500]) {
    using h = source('500', String(length), '300', '1000');
    h.run(20);
    const packets = h.output(0);
    t.equal(packets.length, 500);
    const [p] = packets;
    t.equal(p!.data.length, length);
    t.same([...p!.data.subarray(0, 14)], [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 8, 0]);
    t.equal(internetChecksum(p!.data.subarray(14, 34)), 0);
    t.equal(view(p!).getUint16(16), length - 14, 'IP length');
    t.equal(view(p!).getUint16(38), length - 34, 'UDP length');
    t.ok(packets.every(({ data }) => udpChecksum(data) === 0));
    t.ok(packets.every((packet) => view(packet).getUint16(40) !== 0));
    t.same([p!.networkOffset, p!.transportOffset, p!.destination], [14, 34, '2.0.0.2']);
  }
  t.end();
});

t.test('every flow sends once before any sends again, in another order each time', (t) => {
  using h = source('3000', '60', '1000', '1000000');
  h.run(100);
  const ports = h.output(0).map(portsOf);
  const passes = [0, 1, 2].map((pass) => ports.slice(pass * 1000, (pass + 1) * 1000));
  for (const pass of passes) t.equal(new Set(pass).size, 1000);
  t.equal(new Set(ports).size, 1000, 'the same flows');
  t.notSame(passes[0], passes[1]);
  t.notSame(passes[1], passes[2]);
  t.ok(ports.every((pair) => pair >>> 16 >= 1024 && (pair & 0xffff) >= 1024));
  t.end();
});

t.test('a flow that has sent FLOWSIZE packets gives way to a new one', (t) => {
  using h = source('60', '60', '10', '2');
  h.run(10);
  const ports = h.output(0).map(portsOf);
  const generations = [0, 1, 2].map((n) => new Set(ports.slice(n * 20, (n + 1) * 20)));
  t.same(
    generations.map(({ size }) => size),
    [10, 10, 10],
  );
  t.equal(new Set(ports).size, 30, 'no ports come twice');
  t.end();
});

t.test('one flow', (t) => {
  using h = source('100', '60', '1', '1000');
  h.run(10);
  t.equal(new Set(h.output(0).map(portsOf)).size, 1);
  t.end();
});

t.test('refuses wrong arguments', (t) => {
  t.throws(() => source('1', '60', '0', '1'), { code: 'HC_CONFIGURE_FAILED', message: /FLOWS/ });
  t.throws(() => source('1', '60', '300000000', '1'), { code: 'HC_CONFIGURE_FAILED', message: /FLOWS/ });
  t.throws(() => source('1', '60', '1', '0'), { code: 'HC_CONFIGURE_FAILED', message: /FLOWSIZE/ });
  t.throws(() => source('1', '2000', '1', '1'), { code: 'HC_CONFIGURE_FAILED', message: /LENGTH/ });
  t.throws(() => source('1', '60', '1'), { code: 'HC_CONFIGURE_FAILED' });
  t.end();
});

t.test('CHECKSUM false leaves the UDP checksum at zero', (t) => {
  using h = source('1', '60', '5', '5', 'false');
  h.run();
  t.equal(view(h.output(0)[0]!).getUint16(40), 0);
  t.end();
});

t.test('handlers count, reset, limit, rate and active', (t) => {
  using h = source('5', '60', '3', '100');
  h.run(3);
  t.equal(h.output(0).length, 5);
  h.write('reset');
  h.write('limit', '7');
  h.write('active', 'false');
  t.equal(h.run(), 0);
  h.write('active', 'true');
  h.run(3);
  t.equal(h.output(0).length, 7);
  t.same([h.read('count'), h.read('limit'), h.read('active'), h.read('rate')].slice(0, 3), [
    '7',
    '7',
    'true',
  ]);
  t.end();
});

t.test('an upgrade goes on with the count and with the flows', (t) => {
  using whole = source('200', '60', '70', '2');
  const expected = whole.pull(0, 200).map(portsOf);
  using h = source('200', '60', '70', '2');
  const before = h.pull(0, 90).map(portsOf);
  h.upgrade();
  t.equal(h.read('count'), '90');
  t.same([...before, ...h.pull(0, 110).map(portsOf)], expected);
  t.end();
});
