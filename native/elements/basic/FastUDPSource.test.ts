import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { internetChecksum, ipBytes } from '../../../engine/testing/frames.ts';

const addresses = ['0:0:0:0:0:1', '1.0.0.1', '1234', '0:0:0:0:0:2', '2.0.0.2', '5678'];
const source = (rate: string, limit: string, length: string, ...more: string[]) =>
  ElementHarness.create('FastUDPSource', [rate, limit, length, ...addresses, ...more], { inputs: 0 });

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
    using h = source('0', '1', String(length));
    h.run();
    const [p] = h.output(0);
    const view = new DataView(p!.data.buffer, p!.data.byteOffset);
    t.equal(p!.data.length, length);
    t.same([...p!.data.subarray(0, 14)], [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 8, 0]);
    t.equal(internetChecksum(p!.data.subarray(14, 34)), 0);
    t.equal(view.getUint16(16), length - 14, 'IP length');
    t.same([view.getUint16(34), view.getUint16(36), view.getUint16(38)], [1234, 5678, length - 34]);
    t.equal(udpChecksum(p!.data), 0);
    t.same([p!.networkOffset, p!.transportOffset, p!.destination], [14, 34, '2.0.0.2']);
  }
  t.end();
});

t.test('a length below 60 becomes 60, one that fits no packet is refused', (t) => {
  using h = source('0', '1', '20');
  h.run();
  t.equal(h.output(0)[0]!.data.length, 60);
  t.throws(() => source('0', '1', '2000'), { code: 'HC_CONFIGURE_FAILED', message: /LENGTH/ });
  t.throws(() => ElementHarness.create('FastUDPSource', ['0', '1'], { inputs: 0 }), {
    code: 'HC_CONFIGURE_FAILED',
  });
  t.end();
});

t.test('CHECKSUM false leaves the UDP checksum at zero', (t) => {
  using h = source('0', '1', '60', 'false');
  h.run();
  t.same([...h.output(0)[0]!.data.subarray(40, 42)], [0, 0]);
  t.end();
});

t.test('INTERVAL raises both ports after so many packets', (t) => {
  using h = source('0', '70', '60', 'true', '30');
  h.run(5);
  const packets = h.output(0);
  t.equal(packets.length, 70);
  const ports = packets.map((p) => new DataView(p.data.buffer, p.data.byteOffset).getUint32(34));
  const at = (step: number) => ((1234 + step) * 65536 + 5678 + step) >>> 0;
  t.same(ports, [...Array(30).fill(at(0)), ...Array(30).fill(at(1)), ...Array(10).fill(at(2))]);
  t.ok(packets.every((p) => udpChecksum(p.data) === 0));
  t.end();
});

t.test('keeps RATE, and tells the measured rate after LIMIT packets', (t) => {
  using h = source('100', '11', '60');
  t.equal(h.read('rate'), '100');
  let sent = 0;
  for (let i = 0; i < 200; ++i) {
    while (h.run() > 0) sent += h.output(0).length;
    if (i === 50) t.equal(sent, 6, 'one at once and one each 10 ms');
    h.advance(1);
  }
  t.equal(sent, 11);
  t.equal(h.read('rate'), '100', '10 distances in 100 ms');
  t.end();
});

t.test('handlers reset, limit and active', (t) => {
  using h = source('0', '5', '60');
  h.run(3);
  t.equal(h.output(0).length, 5);
  h.write('reset');
  h.write('limit', '7');
  h.write('active', 'false');
  t.equal(h.run(), 0);
  h.write('active', 'true');
  h.run(3);
  t.equal(h.output(0).length, 7);
  t.same([h.read('count'), h.read('limit'), h.read('active')], ['7', '7', 'true']);
  t.end();
});

t.test('an upgrade goes on with the count and with the ports', (t) => {
  using h = source('0', '40', '60', 'true', '16');
  t.equal(h.pull(0, 20).length, 20);
  h.upgrade();
  t.equal(h.read('count'), '20');
  const ports = h.pull(0, 32).map((p) => new DataView(p.data.buffer, p.data.byteOffset).getUint16(34));
  t.same(ports, [...Array(12).fill(1235), ...Array(8).fill(1236)]);
  t.end();
});
