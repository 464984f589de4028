import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { icmpEcho, ipv4Udp } from '../../../engine/testing/frames.ts';

t.test(
  'RFC 1812 4.3.2.4: a marked packet gets the address of the interface, a checksum, and loses the mark',
  async (t) => {
    using h = ElementHarness.create('FixIPSrc', ['9.8.7.6']);
    h.push(0, [{ data: icmpEcho({ link: false, src: '1.2.3.4' }), networkOffset: 0, fixIpSource: 1 }]);
    const [out] = h.output(0);
    t.strictSame(out?.data, icmpEcho({ link: false, src: '9.8.7.6' }));
    t.equal(out?.fixIpSource, 0);
  },
);

t.test('options are part of the new checksum', async (t) => {
  using h = ElementHarness.create('FixIPSrc', ['9.8.7.6']);
  const options = new Uint8Array([1, 1, 1, 0]);
  h.push(0, [{ data: icmpEcho({ link: false, options }), networkOffset: 0, fixIpSource: 1 }]);
  t.strictSame(h.output(0)[0]?.data, icmpEcho({ link: false, options, src: '9.8.7.6' }));
});

t.test('unmarked packets pass untouched, whatever they are', async (t) => {
  using h = ElementHarness.create('FixIPSrc', ['9.8.7.6']);
  const packets = [ipv4Udp({}), new Uint8Array(0), new Uint8Array(5)];
  h.push(0, packets);
  t.strictSame(
    h.output(0).map((p) => p.data),
    packets,
  );
});

t.test('a marked packet without an IP header is dropped', async (t) => {
  using h = ElementHarness.create('FixIPSrc', ['9.8.7.6']);
  const data = ipv4Udp({ link: false });
  const short = data.slice();
  short[0] = 0x44;
  h.push(0, [
    { data, fixIpSource: 1 },
    { data: data.subarray(0, 10), networkOffset: 0, fixIpSource: 1 },
    { data: short, networkOffset: 0, fixIpSource: 1 },
  ]);
  t.strictSame(h.drops(), { 'no IP header': 3 });
});

t.test('the address has to be given', async (t) => {
  t.throws(() => ElementHarness.create('FixIPSrc', []), { code: 'HC_CONFIGURE_FAILED' });
});
