import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

const own = '02:00:00:00:00:02';
const to = (dst: string, src = '02:00:00:00:00:01') => ipv4Udp({ ethernet: { src, dst } });
const [host, broadcast, multicast, other] = [0, 1, 2, 3];

t.test('sets the packet type from the destination address', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own, 'DROP_OTHER false']);
  h.push(0, [to(own), to('ff:ff:ff:ff:ff:ff'), to('01:00:5e:00:00:01'), to('02:00:00:00:00:03')]);
  t.strictSame(
    h.output(0).map((p) => p.packetType),
    [host, broadcast, multicast, other],
  );
});

t.test('drops frames for other hosts by default, not those for groups', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own]);
  h.push(0, [to('02:00:00:00:00:03'), to(own), to('ff:ff:ff:ff:ff:ff'), to('01:00:5e:00:00:01')]);
  t.equal(h.output(0).length, 3);
  t.strictSame(h.drops(), { 'other host': 1 });
});

t.test('DROP_OWN takes out frames that come from the address itself', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own, 'true']);
  h.push(0, [to('ff:ff:ff:ff:ff:ff', own), to(own)]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'own frame': 1 });
});

t.test('with two outputs filtered frames leave by the second', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own, 'DROP_OWN true'], { outputs: 2 });
  h.push(0, [to('02:00:00:00:00:03'), to(own, own), to(own), new Uint8Array(13)]);
  t.equal(h.output(0).length, 1);
  t.equal(h.output(1).length, 3);
  t.strictSame(h.drops(), {});
});

t.test('OFFSET says where the header begins', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own, 'OFFSET 4']);
  const shifted = new Uint8Array([1, 2, 3, 4, ...to(own)]);
  h.push(0, [shifted, shifted.subarray(0, 17)]);
  t.equal(h.output(0)[0]?.packetType, host);
  t.strictSame(h.drops(), { 'short frame': 1 });
});

t.test('an OFFSET outside of any frame is refused', async (t) => {
  t.throws(() => ElementHarness.create('HostEtherFilter', [own, 'OFFSET 4294967295']), /outside/);
});

t.test('short frames count as filtered', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own]);
  h.push(0, [new Uint8Array(0), new Uint8Array(13)]);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'short frame': 2 });
});

t.test('handlers change what is filtered', async (t) => {
  using h = ElementHarness.create('HostEtherFilter', [own]);
  t.equal(h.read('drop_other'), 'true');
  h.write('drop_other', 'false');
  h.push(0, [to('02:00:00:00:00:03')]);
  t.equal(h.output(0).length, 1);
});
