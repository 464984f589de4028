import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { arpReply, arpRequest, ipText, ipv4Udp, macBytes } from '../../../engine/testing/frames.ts';

const mac = '00:00:c0:ae:67:ef';
const asker = { senderMac: '02:00:00:00:00:09', senderIp: '18.26.4.9' };
const ask = (targetIp: string) => arpRequest({ ...asker, targetIp });

t.test('RFC 826: answers a request for its address, to the asker', async (t) => {
  using h = ElementHarness.create('ARPResponder', [`18.26.4.24 ${mac}`]);
  h.push(0, [ask('18.26.4.24')]);
  const [reply] = h.output(0);
  const expected = arpReply({
    senderMac: mac,
    senderIp: '18.26.4.24',
    targetMac: asker.senderMac,
    targetIp: asker.senderIp,
    ethernet: { src: mac, dst: asker.senderMac },
  });
  t.strictSame(reply?.data, expected);
});

t.test('serves proxy ARP for prefixes; the longest prefix wins in any order', async (t) => {
  const other = '02:00:00:00:00:0f';
  using h = ElementHarness.create('ARPResponder', [`18.0.0.0/8 ${mac}`, `18.26.7.0/255.255.255.0 ${other}`]);
  h.push(0, [ask('18.26.7.77'), ask('18.1.1.1')]);
  const macs = h.output(0).map((p) => p.data.slice(22, 28));
  t.strictSame(macs, [macBytes(other), macBytes(mac)]);
});

t.test('one argument may list several prefixes', async (t) => {
  using h = ElementHarness.create('ARPResponder', [`18.26.4.24 18.26.7.0/24 ${mac}`]);
  h.push(0, [ask('18.26.4.24'), ask('18.26.7.1')]);
  const answered = h.output(0).map((p) => ipText(p.data, 28));
  t.strictSame(answered, ['18.26.4.24', '18.26.7.1']);
});

t.test('unknown addresses are dropped, or leave by output 1', async (t) => {
  using one = ElementHarness.create('ARPResponder', [`18.26.4.24 ${mac}`]);
  one.push(0, [ask('18.26.4.25')]);
  t.strictSame(one.drops(), { 'unknown address': 1 });
  using two = ElementHarness.create('ARPResponder', [`18.26.4.24 ${mac}`], { outputs: 2 });
  two.push(0, [ask('18.26.4.25'), ask('18.26.4.24')]);
  t.equal(two.output(0).length, 1);
  t.strictSame(two.output(1)[0]?.data, ask('18.26.4.25'));
});

t.test('a padded request gets a reply of 42 bytes', async (t) => {
  using h = ElementHarness.create('ARPResponder', [`18.26.4.24 ${mac}`]);
  const padded = new Uint8Array(60);
  padded.set(ask('18.26.4.24'));
  h.push(0, [padded]);
  t.equal(h.output(0)[0]?.data.length, 42);
});

t.test('what is not a whole request of the right kind is not answered', async (t) => {
  using h = ElementHarness.create('ARPResponder', [`0.0.0.0/0 ${mac}`]);
  const damaged = (at: number, value: number) => {
    const frame = ask('18.26.4.24');
    frame[at] = value;
    return frame;
  };
  const frames = [
    new Uint8Array(0),
    ask('18.26.4.24').subarray(0, 41),
    arpReply({}),
    ipv4Udp({ payload: 'x'.repeat(40) }),
    damaged(15, 6),
    damaged(17, 1),
    damaged(18, 8),
    damaged(19, 16),
    damaged(21, 9),
  ];
  h.push(0, frames);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'not an ARP request': frames.length });
});

t.test(
  'RFC 1812 3.3.2: a sender that claims a multicast or broadcast link address is not answered',
  async (t) => {
    using h = ElementHarness.create('ARPResponder', [`18.26.4.24 ${mac}`]);
    h.push(0, [arpRequest({ senderMac: 'ff:ff:ff:ff:ff:ff', targetIp: '18.26.4.24' })]);
    t.equal(h.output(0).length, 0);
  },
);

t.test('the table is longest prefix first; a repeated prefix counts once', async (t) => {
  const later = '00:01:02:03:04:06';
  using h = ElementHarness.create('ARPResponder', [
    `1.0.0.0/24 ${mac}`,
    `1.0.0.2 ${mac}`,
    `1.0.0.2 ${later}`,
  ]);
  t.equal(h.read('table'), '1.0.0.2/32 00-01-02-03-04-06\n1.0.0.0/24 00-00-C0-AE-67-EF\n');
});

t.test('handlers look up, add and remove entries', async (t) => {
  using h = ElementHarness.create('ARPResponder', []);
  t.equal(h.read('table'), '');
  h.write('add', `1.0.0.0/24 2.0.0.1 ${mac}`);
  h.write('lookup', '1.0.0.200');
  t.equal(h.read('lookup'), '00-00-C0-AE-67-EF');
  h.write('remove', '1.0.0.0/24');
  t.equal(h.read('lookup'), '');
  t.equal(h.read('table'), '2.0.0.1/32 00-00-C0-AE-67-EF\n');
  t.throws(() => h.write('remove', '1.0.0.0/24'), /no entry/);
});

t.test('arguments without an Ethernet address or prefix are refused', async (t) => {
  for (const arg of [
    '1.0.0.1',
    mac,
    `1.0.0.0/33 ${mac}`,
    `1.0.0.0/255.0.255.0 ${mac}`,
    'no-such-interface',
  ]) {
    t.throws(() => ElementHarness.create('ARPResponder', [arg]), { code: 'HC_CONFIGURE_FAILED' }, arg);
  }
});
