import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

const typed = (packetType: number) => ({ data: ipv4Udp({ link: false }), packetType });

t.test('RFC 1812 5.3.4: link-level broadcasts and multicasts are dropped, the rest passes', async (t) => {
  using h = ElementHarness.create('DropBroadcasts');
  h.push(0, [typed(0), typed(1), typed(2), typed(3), typed(4)]);
  t.strictSame(
    h.output(0).map((p) => p.packetType),
    [0, 3, 4],
  );
  t.strictSame(h.drops(), { 'link broadcast': 2 });
  t.equal(h.read('drops'), '2');
});

t.test('with output 1 connected they leave there', async (t) => {
  using h = ElementHarness.create('DropBroadcasts', [], { outputs: 2 });
  h.push(0, [typed(1), typed(0)]);
  t.equal(h.output(0).length, 1);
  t.equal(h.output(1).length, 1);
  t.equal(h.read('drops'), '1');
  t.strictSame(h.drops(), {});
});

t.test('the count lives through an upgrade', async (t) => {
  using h = ElementHarness.create('DropBroadcasts');
  h.push(0, [typed(1)]);
  h.upgrade();
  h.push(0, [typed(2)]);
  t.equal(h.read('drops'), '2');
});
