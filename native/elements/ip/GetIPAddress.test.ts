import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

const packet = ipv4Udp({ link: false, src: '1.2.3.4', dst: '5.6.7.8' });

t.test('OFFSET takes four bytes from there', async (t) => {
  using h = ElementHarness.create('GetIPAddress', ['16']);
  h.push(0, [packet]);
  t.equal(h.output(0)[0]?.destination, '5.6.7.8');
});

t.test('IP takes an address of the marked header', async (t) => {
  for (const [which, address] of [
    ['src', '1.2.3.4'],
    ['dst', '5.6.7.8'],
  ]) {
    using h = ElementHarness.create('GetIPAddress', [`IP ${which}`]);
    h.push(0, [{ data: ipv4Udp({ src: '1.2.3.4', dst: '5.6.7.8' }), networkOffset: 14 }]);
    t.equal(h.output(0)[0]?.destination, address);
  }
});

t.test('packets that end before the address are dropped', async (t) => {
  using h = ElementHarness.create('GetIPAddress', ['16']);
  h.push(0, [new Uint8Array(0), new Uint8Array(3), packet.subarray(0, 19), packet.subarray(0, 20)]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'short packet': 3 });
  using marked = ElementHarness.create('GetIPAddress', ['IP dst']);
  marked.push(0, [packet, { data: packet.subarray(0, 19), networkOffset: 0 }]);
  t.strictSame(marked.drops(), { 'no IP header': 2 });
});

t.test('either OFFSET or IP has to be given, and IP is src or dst', async (t) => {
  for (const args of [[], ['16', 'IP src'], ['IP both'], ['OFFSET 4294967294']]) {
    t.throws(() => ElementHarness.create('GetIPAddress', args), { code: 'HC_CONFIGURE_FAILED' }, args.join());
  }
});
