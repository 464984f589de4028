import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { icmpEcho, internetChecksum, ipText, ipv4Udp } from '../../../engine/testing/frames.ts';

const marked = (data: Uint8Array, more = {}) => ({ data, networkOffset: 0, ...more });
const request = (fields = {}) =>
  icmpEcho({
    link: false,
    src: '1.2.3.4',
    dst: '5.6.7.8',
    identifier: 77,
    sequence: 5,
    payload: 'ping!',
    ...fields,
  });

t.test(
  'RFC 1122 3.2.2.6: a request becomes its reply, with identifier, sequence number and data',
  async (t) => {
    using h = ElementHarness.create('ICMPPingResponder');
    h.push(0, [marked(request({ ttl: 3, id: 9 }), { paint: 7 })]);
    const [out] = h.output(0);
    const expected = icmpEcho({
      link: false,
      src: '5.6.7.8',
      dst: '1.2.3.4',
      identifier: 77,
      sequence: 5,
      payload: 'ping!',
      type: 0,
      ttl: 255,
      id: 9,
    });
    t.strictSame(out?.data, expected);
    t.equal(out?.destination, '1.2.3.4');
    t.equal(out?.paint, 0);
  },
);

t.test('the link header in front stays', async (t) => {
  using h = ElementHarness.create('ICMPPingResponder');
  const frame = icmpEcho({});
  h.push(0, [{ data: frame, networkOffset: 14 }]);
  const [out] = h.output(0);
  t.strictSame(out?.data.subarray(0, 14), frame.subarray(0, 14));
  t.equal(ipText(out?.data ?? frame, 30), '10.1.0.2');
});

t.test('the checksum is right for every identifier', async (t) => {
  using h = ElementHarness.create('ICMPPingResponder');
  let wrong = 0;
  for (let base = 0; base < 65536; base += 2048) {
    h.push(
      0,
      Array.from({ length: 256 }, (_, i) => marked(request({ identifier: base + i * 8 }))),
    );
    for (const p of h.output(0)) if (internetChecksum(p.data.subarray(20)) !== 0) wrong++;
  }
  t.equal(wrong, 0);
});

t.test('a damaged request does not become a good reply', async (t) => {
  using h = ElementHarness.create('ICMPPingResponder');
  const damaged = request();
  damaged[30]! ^= 1;
  h.push(0, [marked(damaged)]);
  t.not(internetChecksum(h.output(0)[0]?.data.subarray(20) ?? new Uint8Array()), 0);
});

t.test('everything else is dropped, or leaves by output 1', async (t) => {
  const others = [
    ipv4Udp({ link: false }),
    request({ type: 0 }),
    request({ type: 3 }),
    request({ fragment: 0x2000 }),
    request({ fragment: 5 }),
  ].map((data) => marked(data));
  using one = ElementHarness.create('ICMPPingResponder');
  one.push(0, others);
  t.equal(one.output(0).length, 0);
  t.strictSame(one.drops(), { 'not an echo request': others.length });
  using two = ElementHarness.create('ICMPPingResponder', [], { outputs: 2 });
  two.push(0, others);
  t.strictSame(
    two.output(1).map((p) => p.data),
    others.map((p) => p.data),
  );
});

t.test('RFC 1122 3.2.1.3: no answer to or from addresses that are not one host', async (t) => {
  using h = ElementHarness.create('ICMPPingResponder');
  const requests = [
    ...['224.0.0.1', '255.255.255.255'].map((dst) => request({ dst })),
    ...['0.0.0.0', '224.0.0.1', '255.255.255.255'].map((src) => request({ src })),
  ];
  h.push(
    0,
    requests.map((data) => marked(data)),
  );
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'bad address': 5 });
});

t.test('truncated and lying packets are not answered', async (t) => {
  using h = ElementHarness.create('ICMPPingResponder');
  const good = request();
  const bad = (at: number, value: number) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  h.push(0, [
    good,
    marked(good.subarray(0, 19)),
    marked(good.subarray(0, 27)),
    marked(bad(3, 27)),
    marked(bad(0, 0x44)),
    marked(bad(0, 0x4f)),
    marked(bad(0, 0x65)),
    marked(new Uint8Array(0)),
  ]);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'not an echo request': 8 });
});
