import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { icmpEcho, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

const marked = (data: Uint8Array) => ({ data, networkOffset: 0, transportOffset: 20 });
const udp = (fields = {}) => marked(ipv4Udp({ link: false, ...fields }));
const tcp = (fields = {}) => marked(ipv4Tcp({ link: false, ...fields }));

t.test('sends each packet to the output of the first pattern it matches', async (t) => {
  const patterns = ['src net 10.1.0.0/16 and syn', 'dst tcp port 8000 or 8080', 'icmp type echo', '-'];
  using h = ElementHarness.create('IPClassifier', patterns, { outputs: 4 });
  h.push(0, [
    tcp({ flags: 'S' }),
    tcp({ flags: 'A', dport: 8080 }),
    marked(icmpEcho({ link: false })),
    udp({ dport: 8080 }),
    tcp({ flags: 'S', src: '10.2.0.1', dport: 8000 }),
  ]);
  t.strictSame(
    [0, 1, 2, 3].map((port) => h.output(port).length),
    [1, 2, 1, 1],
  );
});

t.test('a packet that matches no pattern is dropped', async (t) => {
  using h = ElementHarness.create('IPClassifier', ['tcp']);
  h.push(0, [udp(), tcp()]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'no match': 1 });
});

t.test('ports match in the first fragment only', async (t) => {
  using h = ElementHarness.create('IPClassifier', ['udp port 53', '-'], { outputs: 2 });
  h.push(0, [udp({ dport: 53 }), udp({ dport: 53, fragment: 0x2000 }), udp({ dport: 53, fragment: 1 })]);
  t.equal(h.output(0).length, 2);
  t.equal(h.output(1).length, 1);
});

t.test('truncated packets are classified without a read past their end', async (t) => {
  using h = ElementHarness.create('IPClassifier', ['tcp port 80', 'tcp', '-'], { outputs: 3 });
  const free = h.freePackets();
  const { data } = tcp();
  for (let n = 0; n < data.length; n++) h.push(0, [{ data: data.subarray(0, n), networkOffset: 0 }]);
  t.equal(h.output(0).length + h.output(1).length + h.output(2).length, data.length);
  t.equal(h.freePackets(), free);
});

t.test('there is one output for each pattern', async (t) => {
  t.throws(() => ElementHarness.create('IPClassifier', ['tcp', '-'], { outputs: 1 }), /need 1 arguments/);
});

t.test('a wrong pattern is refused', async (t) => {
  for (const pattern of ['src host', 'ip proto nonsense', 'tcp and', '(tcp']) {
    t.throws(
      () => ElementHarness.create('IPClassifier', [pattern]),
      { code: 'HC_CONFIGURE_FAILED' },
      pattern,
    );
  }
});
