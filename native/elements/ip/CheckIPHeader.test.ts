import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { internetChecksum, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

const good = ipv4Udp({ link: false, payload: 'data', dst: '10.9.8.7' });

/** The packet with bytes changed and the header checksum right again, as far as the header goes. */
function altered(packet: Uint8Array, changes: Record<number, number>): Uint8Array {
  const copy = packet.slice();
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  const header = Math.min((copy[0]! & 15) * 4, copy.length);
  if (header < 20) return copy;
  copy[10] = copy[11] = 0;
  new DataView(copy.buffer).setUint16(10, internetChecksum(copy.subarray(0, header)));
  return copy;
}

t.test('a good packet passes with its headers marked and its destination annotation set', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  h.push(0, [good]);
  const [out] = h.output(0);
  t.strictSame(out?.data, good);
  t.equal(out?.networkOffset, 0);
  t.equal(out?.transportOffset, 20);
  t.equal(out?.destination, '10.9.8.7');
});

t.test('OFFSET says where the header begins, by position or keyword', async (t) => {
  for (const arg of ['14', 'OFFSET 14']) {
    using h = ElementHarness.create('CheckIPHeader', [arg]);
    h.push(0, [ipv4Udp({})]);
    const [out] = h.output(0);
    t.equal(out?.networkOffset, 14);
    t.equal(out?.transportOffset, 34);
  }
});

t.test('link padding is cut off', async (t) => {
  using h = ElementHarness.create('CheckIPHeader', ['14']);
  const padded = new Uint8Array(60);
  padded.set(ipv4Udp({}));
  h.push(0, [padded]);
  t.equal(h.output(0)[0]?.data.length, 42);
});

t.test('options are part of the header, and of its checksum', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  for (let words = 1; words <= 10; words++) {
    h.push(0, [ipv4Tcp({ link: false, options: new Uint8Array(words * 4).fill(1) })]);
    t.equal(h.output(0)[0]?.transportOffset, 20 + words * 4);
  }
  const broken = ipv4Tcp({ link: false, options: new Uint8Array(40).fill(1) });
  broken[59] = 7;
  h.push(0, [broken]);
  t.strictSame(h.drops(), { 'bad checksum': 1 });
});

t.test('RFC 1812 5.2.2 (1): a packet too short for a header is dropped', async (t) => {
  using h = ElementHarness.create('CheckIPHeader', ['14']);
  const frame = ipv4Udp({});
  h.push(
    0,
    Array.from({ length: 34 }, (_, n) => frame.subarray(0, n)),
  );
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'short packet': 34 });
});

t.test('RFC 1812 5.2.2 (2): a wrong checksum is dropped, any single bit of the header changed', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  const flipped = Array.from({ length: 160 }, (_, bit) => {
    const copy = good.slice();
    copy[bit >> 3]! ^= 0x80 >> (bit & 7);
    return copy;
  });
  h.push(0, flipped);
  t.equal(h.output(0).length, 0);
  t.equal(h.read('drops'), '160');
});

t.test('RFC 1812 5.2.2 (3): another version is dropped', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  const versions = [0, 1, 5, 6, 15].map((v) => altered(good, { 0: (v << 4) | 5 }));
  h.push(0, versions);
  t.strictSame(h.drops(), { 'bad version': 5 });
});

t.test('RFC 1812 5.2.2 (4): a header length below 20 bytes is dropped', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  h.push(
    0,
    [0, 1, 2, 3, 4].map((words) => altered(good, { 0: 0x40 | words })),
  );
  t.strictSame(h.drops(), { 'bad header length': 5 });
});

t.test('RFC 1812 5.2.2 (5): a total length below the header or beyond the packet is dropped', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  const length = (n: number) => altered(good, { 2: n >> 8, 3: n & 255 });
  h.push(0, [length(0), length(19), length(good.length + 1), length(0xffff), altered(good, { 0: 0x4f })]);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'bad length': 5 });
  h.push(0, [length(20), length(good.length)]);
  t.strictSame(
    h.output(0).map((p) => p.data.length),
    [20, good.length],
  );
});

t.test('a truncated packet with options that reach past its end is dropped', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  const long = ipv4Tcp({ link: false, options: new Uint8Array(40).fill(1) });
  for (let n = 20; n < 60; n++) h.push(0, [altered(long.subarray(0, n), { 2: 0, 3: n })]);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'bad length': 40 });
});

t.test('CHECKSUM false lets a wrong checksum pass, and nothing else', async (t) => {
  using h = ElementHarness.create('CheckIPHeader', ['CHECKSUM false']);
  const wrong = good.slice();
  wrong[10]! ^= 1;
  h.push(0, [wrong, altered(good, { 0: 0x65 })]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'bad version': 1 });
});

t.test('RFC 1812 5.3.7: BADSRC refuses sources, unless the destination is one of GOODDST', async (t) => {
  const args = ['BADSRC 1.1.1.1 2.2.2.255', 'GOODDST 9.9.9.9'];
  using h = ElementHarness.create('CheckIPHeader', args);
  const from = (src: string, dst: string) => ipv4Udp({ link: false, src, dst });
  h.push(0, [
    from('1.1.1.1', '5.5.5.5'),
    from('2.2.2.255', '5.5.5.5'),
    from('1.1.1.1', '9.9.9.9'),
    from('1.1.1.2', '5.5.5.5'),
  ]);
  t.equal(h.output(0).length, 2);
  t.strictSame(h.drops(), { 'bad source': 2 });
});

t.test(
  'INTERFACES refuses the broadcast addresses of the networks, 0.0.0.0 and 255.255.255.255',
  async (t) => {
    using h = ElementHarness.create('CheckIPHeader', ['INTERFACES 18.26.4.9/24 18.32.9.44/28']);
    const from = (src: string, dst = '5.5.5.5') => ipv4Udp({ link: false, src, dst });
    h.push(
      0,
      ['18.26.4.255', '18.32.9.47', '0.0.0.0', '255.255.255.255'].map((src) => from(src)),
    );
    t.strictSame(h.drops(), { 'bad source': 4 });
    h.push(0, [
      from('18.26.4.254'),
      from('18.32.9.63'),
      from('0.0.0.0', '18.26.4.9'),
      from('0.0.0.0', '18.32.9.44'),
    ]);
    t.equal(h.output(0).length, 4);
  },
);

t.test('many bad sources are all found', async (t) => {
  const list = Array.from({ length: 300 }, (_, i) => `10.7.${i >> 8}.${i & 255}`);
  using h = ElementHarness.create('CheckIPHeader', [`BADSRC ${list.join(' ')}`]);
  h.push(
    0,
    list.map((src) => ipv4Udp({ link: false, src })),
  );
  t.equal(h.output(0).length, 0);
  h.push(0, [ipv4Udp({ link: false, src: '10.7.1.44' }), ipv4Udp({ link: false, src: '10.6.0.0' })]);
  t.equal(h.output(0).length, 2);
});

t.test('with output 1 connected, bad packets leave there untouched', async (t) => {
  using h = ElementHarness.create('CheckIPHeader', [], { outputs: 2 });
  const bad = altered(good, { 0: 0x65 });
  h.push(0, [bad, good, good.subarray(0, 10)]);
  t.equal(h.output(0).length, 1);
  t.strictSame(
    h.output(1).map((p) => p.data),
    [bad, good.subarray(0, 10)],
  );
  t.strictSame(h.drops(), {});
  t.equal(h.read('drops'), '2');
});

t.test('DETAILS counts by cause', async (t) => {
  using h = ElementHarness.create('CheckIPHeader', ['DETAILS true']);
  h.push(0, [new Uint8Array(3), altered(good, { 0: 0x65 }), altered(good, { 0: 0x65 })]);
  const lines = h.read('drop_details').trim().split('\n');
  t.strictSame(lines, [
    '1\ttiny packet',
    '2\tbad IP version',
    '0\tbad IP header length',
    '0\tbad IP length',
    '0\tbad IP checksum',
    '0\tbad source address',
  ]);
  using silent = ElementHarness.create('CheckIPHeader');
  t.equal(silent.read('drop_details'), '');
});

t.test('the first bad packet is logged, with VERBOSE every one', async (t) => {
  using once = ElementHarness.create('CheckIPHeader');
  once.push(0, [new Uint8Array(1), new Uint8Array(2)]);
  t.equal(once.printed().length, 1);
  using verbose = ElementHarness.create('CheckIPHeader', ['VERBOSE true']);
  verbose.push(0, [new Uint8Array(1), new Uint8Array(2)]);
  t.equal(verbose.printed().length, 2);
});

t.test('it serves a pull path; bad packets are pushed out of output 1', async (t) => {
  using h = ElementHarness.create('CheckIPHeader', [], { outputs: 2 });
  h.supply(0, [good, new Uint8Array(1), good]);
  t.equal(h.pull(0, 3).length, 2);
  t.equal(h.output(1).length, 1);
});

t.test('counts live through an upgrade', async (t) => {
  using h = ElementHarness.create('CheckIPHeader');
  h.push(0, [new Uint8Array(1)]);
  h.upgrade();
  h.push(0, [new Uint8Array(1)]);
  t.equal(h.read('drops'), '2');
});

t.test('random bytes never get further than their own length', async (t) => {
  const seed = Date.now() % 0x7fffffff;
  t.comment(`seed ${seed}`);
  let state = seed || 1;
  const random = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % n;
  };
  using h = ElementHarness.create('CheckIPHeader', ['CHECKSUM false']);
  const free = h.freePackets();
  for (let round = 0; round < 40; round++) {
    const packets = Array.from({ length: 256 }, () =>
      Uint8Array.from({ length: random(80) }, () => random(256)),
    );
    for (const p of packets) if (p.length > 3 && random(4)) p.set([0x40 | random(16), 0, 0, random(90)]);
    h.push(0, packets);
    for (const p of h.output(0)) {
      const total = new DataView(p.data.buffer, p.data.byteOffset).getUint16(2);
      if (p.data.length !== total || (p.transportOffset ?? 99) > total) t.fail(`length ${total}`);
    }
  }
  t.equal(h.freePackets(), free);
});

t.test('wrong arguments are refused', async (t) => {
  for (const arg of ['x', 'OFFSET 99999', 'BADSRC 1.2.3', 'INTERFACES 1.2.3.4/40', 'COLOUR red']) {
    t.throws(() => ElementHarness.create('CheckIPHeader', [arg]), { code: 'HC_CONFIGURE_FAILED' }, arg);
  }
});
