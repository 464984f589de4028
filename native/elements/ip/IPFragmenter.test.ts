import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { internetChecksum, ipv4Udp } from '../../../engine/testing/frames.ts';

const create = (...args: string[]) => ElementHarness.create('IPFragmenter', args, { outputs: 2 });
const marked = (data: Uint8Array, more = {}) => ({ data, networkOffset: 0, ...more });
const packet = (bytes: number, fields = {}) =>
  ipv4Udp({ link: false, payload: Uint8Array.from({ length: bytes - 28 }, (_, i) => i), ...fields });
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

interface Fragment {
  readonly header: number;
  readonly length: number;
  readonly offset: number;
  readonly more: boolean;
  readonly dontFragment: boolean;
}
/** Fields of a fragment; its lengths and checksum must be right. */
function read(data: Uint8Array): Fragment {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const header = (data[0]! & 15) * 4;
  t.equal(view.getUint16(2), data.length);
  t.equal(internetChecksum(data.subarray(0, header)), 0);
  const word = view.getUint16(6);
  const offset = (word & 0x1fff) * 8;
  return {
    header,
    length: data.length,
    offset,
    more: (word & 0x2000) !== 0,
    dontFragment: (word & 0x4000) !== 0,
  };
}
function reassemble(fragments: readonly Uint8Array[]): Uint8Array {
  const whole: number[] = [];
  for (const data of fragments) {
    const f = read(data);
    t.equal(f.offset, whole.length);
    whole.push(...data.subarray(f.header));
  }
  return Uint8Array.from(whole);
}

t.test('packets up to MTU pass untouched', async (t) => {
  using h = create('100');
  h.push(0, [marked(packet(28)), marked(packet(99)), marked(packet(100))]);
  t.strictSame(
    h.output(0).map((p) => p.data),
    [28, 99, 100].map((n) => packet(n)),
  );
  t.equal(h.read('fragments'), '0');
});

t.test('RFC 791 3.2: longer ones become fragments that make up the packet again', async (t) => {
  for (const [mtu, size] of [
    [576, 1500],
    [100, 101],
    [68, 1700],
    [28, 400],
    [1499, 1500],
  ] as const) {
    using h = create(`${mtu}`);
    const free = h.freePackets();
    h.push(0, [marked(packet(size))]);
    const out = h.output(0).map((p) => p.data);
    const parts = out.map(read);
    t.ok(
      parts.every((f) => f.length <= mtu),
      `${mtu}`,
    );
    t.ok(parts.slice(0, -1).every((f) => f.more && (f.length - f.header) % 8 === 0));
    t.equal(parts.at(-1)?.more, false);
    t.strictSame(reassemble(out), packet(size).subarray(20));
    t.equal(h.read('fragments'), `${out.length}`);
    t.equal(h.freePackets(), free);
  }
});

t.test('the first fragment comes first, between the packets around it', async (t) => {
  using h = create('100');
  h.push(0, [marked(packet(50, { id: 1 })), marked(packet(150, { id: 2 })), marked(packet(60, { id: 3 }))]);
  const ids = h.output(0).map((p) => [p.data[5], read(p.data).offset]);
  t.strictSame(ids, [
    [1, 0],
    [2, 0],
    [2, 80],
    [3, 0],
  ]);
});

t.test('fragments keep annotations and get their headers marked', async (t) => {
  using h = create('100');
  h.push(0, [
    marked(packet(150), {
      transportOffset: 20,
      paint: 3,
      destination: '9.9.9.9',
      timestamp: 5n,
      packetType: 2,
    }),
  ]);
  for (const p of h.output(0)) {
    t.strictSame([p.paint, p.destination, p.timestamp, p.packetType], [3, '9.9.9.9', 5n, 2]);
    t.strictSame([p.networkOffset, p.transportOffset], [0, 20]);
  }
});

t.test('only the first fragment keeps what stood before the IP header', async (t) => {
  using h = create('100');
  const frame = ipv4Udp({ payload: 'z'.repeat(100) });
  h.push(0, [{ data: frame, networkOffset: 14 }]);
  const [first, second] = h.output(0);
  t.strictSame(first?.data.subarray(0, 14), frame.subarray(0, 14));
  t.equal(first?.data.length, 14 + 100);
  t.equal(first?.networkOffset, 14);
  t.equal(second?.networkOffset, 0);
});

t.test('RFC 791 3.1: fragments behind the first carry only options marked to be copied', async (t) => {
  using h = create('100');
  const options = new Uint8Array([1, 7, 7, 4, 0, 0, 0, 0, 131, 7, 4, 1, 2, 3, 4, 0]);
  h.push(0, [marked(packet(200, { options }))]);
  const out = h.output(0).map((p) => p.data);
  t.strictSame(
    out.map((d) => read(d).header),
    [36, 28, 28],
  );
  t.strictSame(out[1]?.subarray(20, 28), new Uint8Array([131, 7, 4, 1, 2, 3, 4, 0]));
  t.strictSame(reassemble(out), packet(200).subarray(20));
});

t.test('bad options are not copied', async (t) => {
  const expected = [
    '46000028 00002000 64061387 121a042c 0a000004 02000000 001e0028 00000000 00000000 50000000',
    '45000018 00000002 64063695 121a042c 0a000004 8f550000',
  ].map(hex);
  using h = create('40', 'HONOR_DF false');
  h.push(0, [
    marked(
      hex(
        '4600002c 00000000 64063383 121a042c 0a000004 02000000 001e0028 00000000 00000000 50000000 8f550000',
      ),
    ),
  ]);
  t.strictSame(
    h.output(0).map((p) => p.data),
    expected,
  );
});

t.test('a fragment is cut again: offsets add up and the last keeps its flag', async (t) => {
  using h = create('60');
  h.push(0, [marked(packet(120, { fragment: 0x2000 | 10 }))]);
  const parts = h.output(0).map((p) => read(p.data));
  t.strictSame(
    parts.map((f) => [f.offset, f.more]),
    [
      [80, true],
      [120, true],
      [160, true],
    ],
  );
});

t.test('RFC 1191 6: packets not to be cut leave by output 1, or are dropped', async (t) => {
  using two = create('100');
  two.push(0, [marked(packet(150, { fragment: 0x4000 })), marked(packet(90, { fragment: 0x4000 }))]);
  t.strictSame(two.output(1)[0]?.data, packet(150, { fragment: 0x4000 }));
  t.equal(two.output(0).length, 1);
  t.equal(two.read('drops'), '1');
  using one = ElementHarness.create('IPFragmenter', ['100']);
  one.push(0, [marked(packet(150, { fragment: 0x4000 }))]);
  t.strictSame(one.drops(), { 'do not fragment': 1 });
});

t.test('HONOR_DF false cuts them too', async (t) => {
  using h = create('100', 'HONOR_DF false');
  h.push(0, [marked(packet(150, { fragment: 0x4000 }))]);
  t.strictSame(
    h.output(0).map((p) => read(p.data).dontFragment),
    [true, true],
  );
});

t.test('the first five refusals are logged, with VERBOSE all', async (t) => {
  const refused = Array.from({ length: 9 }, () => marked(packet(150, { fragment: 0x4000 })));
  for (const [args, lines] of [
    [['100'], 5],
    [['100', 'VERBOSE true'], 9],
  ] as const) {
    using h = create(...args);
    h.push(0, refused);
    t.equal(h.printed().length, lines);
  }
});

t.test('a packet that only its link padding makes too long passes', async (t) => {
  using h = create('40');
  const padded = new Uint8Array(46);
  padded.set(packet(38));
  h.push(0, [marked(padded)]);
  t.strictSame(h.output(0)[0]?.data, padded);
});

t.test('a full batch of long packets comes out whole', async (t) => {
  using h = create('100');
  const free = h.freePackets();
  h.push(
    0,
    Array.from({ length: 256 }, (_, id) => marked(packet(300, { id }))),
  );
  const out = h.output(0);
  t.equal(out.length, 256 * 4);
  t.equal(h.freePackets(), free);
  t.ok(out.every((p, i) => p.data[5] === i >> 2));
});

t.test('an empty pool drops whole packets, never parts of them', async (t) => {
  using h = create('28');
  h.push(
    0,
    Array.from({ length: 256 }, (_, id) => marked(packet(300, { id }))),
  );
  const out = h.output(0);
  const lost = h.drops()['no packet'] ?? 0;
  t.equal(out.length, (256 - lost) * 35);
});

t.test('hostile headers are dropped', async (t) => {
  using h = create('100');
  const long = packet(150);
  const bad = (changes: Record<number, number>) => {
    const copy = long.slice();
    for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
    return marked(copy);
  };
  h.push(0, [
    long,
    bad({ 0: 0x44 }),
    bad({ 0: 0x65 }),
    bad({ 2: 0, 3: 19 }),
    bad({ 2: 0xff, 3: 0xff }),
    bad({ 6: 0x1f, 7: 0xff }),
    marked(new Uint8Array(101)),
    { data: long.subarray(20), networkOffset: -20 },
  ]);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'bad header': 8 });
});

t.test('an MTU that leaves no room behind the options drops the packet', async (t) => {
  using h = create('48');
  h.push(0, [marked(packet(150, { options: new Uint8Array(40).fill(1) }))]);
  t.strictSame(h.drops(), { 'bad header': 1 });
});

t.test('HEADROOM sets the room before new packets', async (t) => {
  using h = create('100', 'HEADROOM 40');
  h.push(0, [marked(packet(150))]);
  t.equal(h.output(0)[1]?.headroom, 40);
});

t.test('counts live through an upgrade', async (t) => {
  using h = create('100');
  h.push(0, [marked(packet(150)), marked(packet(150, { fragment: 0x4000 }))]);
  h.upgrade();
  h.push(0, [marked(packet(150))]);
  t.strictSame([h.read('fragments'), h.read('drops')], ['4', '1']);
});

t.test('wrong arguments are refused', async (t) => {
  for (const args of [[], ['27'], ['x'], ['1500', 'HEADROOM 5000']]) {
    t.throws(() => create(...args), { code: 'HC_CONFIGURE_FAILED' }, args.join());
  }
});
