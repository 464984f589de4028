import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ethernet, ipv4Udp } from '../../../engine/testing/frames.ts';

const args = ['0x0800', '1:1:1:1:1:1', '2:2:2:2:2:2'];

t.test('puts the configured header before each packet', async (t) => {
  using h = ElementHarness.create('EtherEncap', args);
  const packet = ipv4Udp({ link: false, payload: 'x' });
  h.push(0, [packet, packet]);
  const out = h.output(0);
  t.equal(out.length, 2);
  const expected = ethernet({ src: '1:1:1:1:1:1', dst: '2:2:2:2:2:2', type: 0x0800 }, packet);
  t.strictSame(out[0]?.data, expected);
  t.strictSame(out[1]?.data, expected);
});

t.test('the offsets of marked headers stay right', async (t) => {
  using h = ElementHarness.create('EtherEncap', args);
  h.push(0, [{ data: ipv4Udp({ link: false }), networkOffset: 0, transportOffset: 20 }]);
  const [out] = h.output(0);
  t.equal(out?.networkOffset, 14);
  t.equal(out?.transportOffset, 34);
});

t.test('an empty packet gets a header too', async (t) => {
  using h = ElementHarness.create('EtherEncap', args);
  h.push(0, [new Uint8Array(0)]);
  t.equal(h.output(0)[0]?.data.length, 14);
});

t.test('handlers read and set the three fields', async (t) => {
  using h = ElementHarness.create('EtherEncap', args);
  t.equal(h.read('ethertype'), '2048');
  t.equal(h.read('src'), '01-01-01-01-01-01');
  t.equal(h.read('dst'), '02-02-02-02-02-02');
  h.write('ethertype', '0x0801');
  h.write('src', '0a:0b:0c:0d:0e:0f');
  h.write('dst', 'ff:ff:ff:ff:ff:ff');
  t.equal(h.read('ethertype'), '2049');
  t.equal(h.read('src'), '0A-0B-0C-0D-0E-0F');
  h.push(0, [new Uint8Array(1)]);
  const expected = ethernet(
    { src: '0a:0b:0c:0d:0e:0f', dst: 'ff:ff:ff:ff:ff:ff', type: 0x0801 },
    new Uint8Array(1),
  );
  t.strictSame(h.output(0)[0]?.data, expected);
});

t.test('a wrong value for a handler leaves the header as it was', async (t) => {
  using h = ElementHarness.create('EtherEncap', args);
  t.throws(() => h.write('src', 'nonsense'));
  t.equal(h.read('src'), '01-01-01-01-01-01');
});

t.test('missing and wrong arguments are refused', async (t) => {
  t.throws(() => ElementHarness.create('EtherEncap', ['0x0800']), { code: 'HC_CONFIGURE_FAILED' });
  t.throws(() => ElementHarness.create('EtherEncap', ['0x10000', ...args.slice(1)]), {
    code: 'HC_CONFIGURE_FAILED',
  });
  t.throws(() => ElementHarness.create('EtherEncap', [...args, 'MORE']), { code: 'HC_CONFIGURE_FAILED' });
});
