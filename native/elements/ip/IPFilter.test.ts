import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

const marked = (data: Uint8Array) => ({ data, networkOffset: 0, transportOffset: 20 });
const udp = (fields = {}) => marked(ipv4Udp({ link: false, ...fields }));
const tcp = (fields = {}) => marked(ipv4Tcp({ link: false, ...fields }));

t.test('the first rule that matches decides', async (t) => {
  const rules = ['deny src net 10.1.7.0/24', 'allow tcp and dst port 22', '1 udp', 'drop all'];
  using h = ElementHarness.create('IPFilter', rules, { outputs: 2 });
  h.push(0, [tcp({ dport: 22 }), tcp({ dport: 22, src: '10.1.7.7' }), udp(), tcp({ dport: 23 })]);
  t.equal(h.output(0).length, 1);
  t.equal(h.output(1).length, 1);
  t.strictSame(h.drops(), { filtered: 2 });
});

t.test('a packet that no rule matches is dropped', async (t) => {
  using h = ElementHarness.create('IPFilter', ['allow udp']);
  h.push(0, [tcp()]);
  t.strictSame(h.drops(), { filtered: 1 });
});

t.test('without rules everything is dropped', async (t) => {
  using h = ElementHarness.create('IPFilter', []);
  h.push(0, [tcp(), udp()]);
  t.strictSame(h.drops(), { filtered: 2 });
});

t.test('a thousand rules of which the last matches', async (t) => {
  const rules = Array.from(
    { length: 1000 },
    (_, i) => `deny src host 172.16.${i >> 8}.${i & 255} and dst port ${i + 1}`,
  );
  using h = ElementHarness.create('IPFilter', [...rules, 'allow all']);
  h.push(0, [udp(), udp({ src: '172.16.0.9', dport: 10 }), udp({ src: '172.16.0.9', dport: 11 })]);
  t.equal(h.output(0).length, 2);
  t.strictSame(h.drops(), { filtered: 1 });
});

t.test('a rule for an output that is not there is refused', async (t) => {
  t.throws(
    () => ElementHarness.create('IPFilter', ['allow tcp', '2 udp'], { outputs: 2 }),
    /output port 2 out of range/,
  );
});

t.test('wrong rules are refused', async (t) => {
  for (const rule of ['permit tcp', 'allow src host', '']) {
    t.throws(
      () => ElementHarness.create('IPFilter', ['allow udp', rule]),
      { code: 'HC_CONFIGURE_FAILED' },
      rule,
    );
  }
});
