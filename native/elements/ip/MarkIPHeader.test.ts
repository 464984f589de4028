import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

t.test('marks the network and transport headers and leaves all else alone', async (t) => {
  using h = ElementHarness.create('MarkIPHeader', ['14']);
  const frame = ipv4Tcp({ options: new Uint8Array(8).fill(1) });
  h.push(0, [{ data: frame, destination: '7.7.7.7' }]);
  const [out] = h.output(0);
  t.strictSame(out?.data, frame);
  t.equal(out?.networkOffset, 14);
  t.equal(out?.transportOffset, 14 + 28);
  t.equal(out?.destination, '7.7.7.7');
});

t.test('OFFSET is 0 by default', async (t) => {
  using h = ElementHarness.create('MarkIPHeader');
  h.push(0, [ipv4Udp({ link: false })]);
  t.equal(h.output(0)[0]?.transportOffset, 20);
});

t.test('a header that is not whole stays unmarked, even if one was marked before', async (t) => {
  using h = ElementHarness.create('MarkIPHeader', ['14']);
  for (const n of [0, 13, 14, 33]) {
    h.push(0, [{ data: ipv4Udp({}).subarray(0, n), networkOffset: 0, transportOffset: 0 }]);
    const [out] = h.output(0);
    t.equal(out?.networkOffset, undefined, `${n} bytes`);
    t.equal(out?.transportOffset, undefined, `${n} bytes`);
  }
});

t.test('a header length below 20 or beyond the packet leaves the transport header unmarked', async (t) => {
  using h = ElementHarness.create('MarkIPHeader');
  for (const words of [0, 4, 15]) {
    const packet = ipv4Udp({ link: false });
    packet[0] = 0x40 | words;
    h.push(0, [packet]);
    const [out] = h.output(0);
    t.equal(out?.networkOffset, 0);
    t.equal(out?.transportOffset, undefined);
  }
});

t.test('an OFFSET outside of any frame is refused', async (t) => {
  t.throws(() => ElementHarness.create('MarkIPHeader', ['4294967290']), /outside/);
});
