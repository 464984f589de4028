import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp, macBytes } from '../../../engine/testing/frames.ts';

t.test('source and destination change places and nothing else changes', async (t) => {
  using h = ElementHarness.create('EtherMirror');
  const frame = ipv4Udp({
    ethernet: { src: '01:02:03:04:05:06', dst: 'aa:bb:cc:dd:ee:ff' },
    payload: 'hello',
  });
  h.push(0, [frame]);
  const [out] = h.output(0);
  t.strictSame(out?.data.subarray(0, 6), macBytes('01:02:03:04:05:06'));
  t.strictSame(out?.data.subarray(6, 12), macBytes('aa:bb:cc:dd:ee:ff'));
  t.strictSame(out?.data.subarray(12), frame.subarray(12));
});

t.test('mirrored twice, a frame is what it was', async (t) => {
  using h = ElementHarness.create('EtherMirror');
  const frame = ipv4Udp({ payload: 'again' });
  h.push(0, [frame]);
  h.push(0, [h.output(0)[0]?.data ?? new Uint8Array()]);
  t.strictSame(h.output(0)[0]?.data, frame);
});

t.test('it serves a pull path', async (t) => {
  using h = ElementHarness.create('EtherMirror');
  h.supply(0, [ipv4Udp({}), ipv4Udp({})]);
  t.equal(h.pull(0, 10).length, 2);
});

t.test('frames shorter than an Ethernet header are dropped, 14 bytes pass', async (t) => {
  using h = ElementHarness.create('EtherMirror');
  const free = h.freePackets();
  h.push(0, [new Uint8Array(0), new Uint8Array(1), new Uint8Array(13), new Uint8Array(14)]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'short frame': 3 });
  t.equal(h.freePackets(), free);
});
