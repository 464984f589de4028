import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { internetChecksum, ipv4Udp } from '../../../engine/testing/frames.ts';

const packet = (ttl: number, dst = '10.2.0.2', id = 1) => ({
  data: ipv4Udp({ link: false, ttl, dst, id }),
  networkOffset: 0,
});

t.test('RFC 1812 5.3.1: the TTL falls by one and the checksum is that of the new header', async (t) => {
  using h = ElementHarness.create('DecIPTTL');
  for (let ttl = 2; ttl <= 255; ttl++) {
    h.push(0, [packet(ttl)]);
    const [out] = h.output(0);
    t.strictSame(out?.data, ipv4Udp({ link: false, ttl: ttl - 1 }));
  }
});

t.test(
  'RFC 1624 3: the repaired checksum is the one a full computation gives, whatever it was',
  async (t) => {
    using h = ElementHarness.create('DecIPTTL');
    let wrong = 0;
    for (let base = 0; base < 0x10000; base += 256) {
      h.push(
        0,
        Array.from({ length: 256 }, (_, i) => packet(64, '10.2.0.2', base + i)),
      );
      for (const out of h.output(0)) {
        const header = out.data.slice(0, 20);
        const found = (header[10]! << 8) | header[11]!;
        header[10] = header[11] = 0;
        if (internetChecksum(header) !== found) wrong++;
      }
    }
    t.equal(wrong, 0);
  },
);

t.test('an expired packet is dropped, or leaves untouched by output 1', async (t) => {
  using one = ElementHarness.create('DecIPTTL');
  one.push(0, [packet(0), packet(1), packet(2)]);
  t.equal(one.output(0).length, 1);
  t.strictSame(one.drops(), { expired: 2 });
  using two = ElementHarness.create('DecIPTTL', [], { outputs: 2 });
  two.push(0, [packet(1), packet(2)]);
  t.strictSame(two.output(1)[0]?.data, packet(1).data);
  t.equal(two.read('drops'), '1');
});

t.test('ACTIVE false passes everything untouched, and can be switched', async (t) => {
  using h = ElementHarness.create('DecIPTTL', ['ACTIVE false']);
  h.push(0, [packet(0), packet(9)]);
  t.strictSame(
    h.output(0).map((p) => p.data[8]),
    [0, 9],
  );
  t.equal(h.read('active'), 'false');
  h.write('active', 'true');
  h.push(0, [packet(9)]);
  t.equal(h.output(0)[0]?.data[8], 8);
});

t.test('MULTICAST false leaves multicast packets untouched', async (t) => {
  using h = ElementHarness.create('DecIPTTL', ['MULTICAST false']);
  h.push(0, [packet(1, '224.0.0.5'), packet(5, '239.1.1.1'), packet(5, '240.0.0.1'), packet(5)]);
  t.strictSame(
    h.output(0).map((p) => p.data[8]),
    [1, 5, 4, 4],
  );
});

t.test('packets without a whole, marked IP header are dropped', async (t) => {
  using h = ElementHarness.create('DecIPTTL', [], { outputs: 2 });
  const { data } = packet(64);
  h.push(0, [data, { data: data.subarray(0, 19), networkOffset: 0 }, { data, networkOffset: 10 }]);
  t.equal(h.output(0).length, 0);
  t.equal(h.output(1).length, 0);
  t.strictSame(h.drops(), { 'no IP header': 3 });
});

t.test('it serves a pull path', async (t) => {
  using h = ElementHarness.create('DecIPTTL', [], { outputs: 2 });
  h.supply(0, [packet(3), packet(1)]);
  t.equal(h.pull(0, 10)[0]?.data[8], 2);
  t.equal(h.output(1).length, 1);
});

t.test('the count of expired packets lives through an upgrade', async (t) => {
  using h = ElementHarness.create('DecIPTTL');
  h.push(0, [packet(1)]);
  h.upgrade();
  h.push(0, [packet(1)]);
  t.equal(h.read('drops'), '2');
});
