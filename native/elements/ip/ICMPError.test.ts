import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { icmp, internetChecksum, ipText, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

const source = '18.26.4.24';
const create = (...args: string[]) => ElementHarness.create('ICMPError', [source, ...args]);
const marked = (data: Uint8Array, more = {}) => ({ data, networkOffset: 0, ...more });
const udp = (fields = {}) =>
  ipv4Udp({ link: false, src: '1.2.3.4', dst: '5.6.7.8', payload: 'x'.repeat(40), ...fields });
const view = (data: Uint8Array) => new DataView(data.buffer, data.byteOffset, data.byteLength);
const sent = (h: ElementHarness, data: Uint8Array, more = {}) => {
  h.push(0, [marked(data, more)]);
  return h.output(0)[0];
};
/** A strict source route with the given pointer and addresses, padded. */
const route = (type: number, pointer: number, ...addresses: string[]) => {
  const length = 3 + 4 * addresses.length;
  const option = new Uint8Array((length + 3) & ~3);
  option.set([type, length, pointer, ...addresses.flatMap((a) => a.split('.').map(Number))]);
  return option;
};

t.test('RFC 792: the message quotes the packet and goes to its source, with right checksums', async (t) => {
  using h = create('timeexceeded');
  const about = udp({ ttl: 1 });
  const out = sent(h, about);
  const data = out?.data ?? new Uint8Array();
  t.equal(data.length, 28 + about.length);
  t.strictSame([data[0], data[8], data[9]], [0x45, 255, 1]);
  t.equal(view(data).getUint16(2), data.length);
  t.equal(ipText(data, 12), source);
  t.equal(ipText(data, 16), '1.2.3.4');
  t.equal(internetChecksum(data.subarray(0, 20)), 0);
  t.equal(internetChecksum(data.subarray(20)), 0);
  t.strictSame([...data.subarray(20, 22), ...data.subarray(24, 28)], [11, 0, 0, 0, 0, 0]);
  t.strictSame(data.subarray(28), about);
  t.equal(out?.networkOffset, 0);
  t.equal(out?.transportOffset, 20);
  t.equal(out?.destination, '1.2.3.4');
  t.equal(out?.fixIpSource, 1);
});

t.test('names and numbers of types and codes', async (t) => {
  const cases: [string[], number, number][] = [
    [['unreachable', 'port'], 3, 3],
    [['unreachable', 'needfrag'], 3, 4],
    [['3', '13'], 3, 13],
    [['sourcequench'], 4, 0],
    [['timeexceeded', 'reassembly'], 11, 1],
    [['parameterproblem', 'missingopt'], 12, 1],
    [['11', 'transit'], 11, 0],
    [['TYPE unreachable', 'CODE host'], 3, 1],
  ];
  for (const [args, type, code] of cases) {
    using h = create(...args);
    t.strictSame([...(sent(h, udp())?.data.subarray(20, 22) ?? [])], [type, code], args.join(' '));
  }
});

t.test('what was before the IP header, and behind its length, is not quoted', async (t) => {
  using h = create('timeexceeded');
  const frame = ipv4Udp({ payload: 'abc' });
  const padded = new Uint8Array(60);
  padded.set(frame);
  h.push(0, [{ data: padded, networkOffset: 14 }]);
  const [out] = h.output(0);
  t.strictSame(out?.data.subarray(28), frame.subarray(14));
});

t.test('RFC 1812 4.3.2.3: as much is quoted as fits into 576 bytes, or MTU', async (t) => {
  const long = udp({ payload: 'y'.repeat(1400) });
  for (const [args, size] of [
    [[], 576],
    [['MTU 200'], 200],
  ] as const) {
    using h = create('timeexceeded', ...args);
    const data = sent(h, long)?.data ?? new Uint8Array();
    t.equal(data.length, size);
    t.equal(internetChecksum(data.subarray(20)), 0);
    t.strictSame(data.subarray(28), long.subarray(0, size - 28));
  }
});

t.test('RFC 1812 4.3.2.5: the precedence is internetwork control', async (t) => {
  using h = create('timeexceeded');
  t.equal(sent(h, udp({ tos: 0x10 }))?.data[1], 0xc0);
});

t.test('RFC 1122 3.2.2: no error about an ICMP error message', async (t) => {
  using h = create('timeexceeded');
  for (const type of [3, 4, 5, 11, 12]) t.notOk(sent(h, icmp({ link: false, type })), `type ${type}`);
  t.strictSame(h.drops(), { 'ICMP error': 5 });
  t.ok(sent(h, icmp({ link: false, type: 8 })), 'about an echo request');
  t.ok(sent(h, icmp({ link: false, type: 0 })), 'about an echo reply');
});

t.test('an ICMP packet without a type counts as an error message', async (t) => {
  using h = create('timeexceeded');
  const cut = icmp({ link: false }).slice(0, 20);
  view(cut).setUint16(2, 20);
  t.notOk(sent(h, cut));
});

t.test('RFC 1122 3.2.2: no error about a fragment but the first', async (t) => {
  using h = create('timeexceeded');
  t.notOk(sent(h, udp({ fragment: 1 })));
  t.notOk(sent(h, udp({ fragment: 0x2001 })));
  t.strictSame(h.drops(), { fragment: 2 });
  t.ok(sent(h, udp({ fragment: 0x2000 })), 'the first fragment');
});

t.test('RFC 1122 3.2.2: no error about a link-level broadcast or multicast', async (t) => {
  using h = create('timeexceeded');
  t.notOk(sent(h, udp(), { packetType: 1 }));
  t.notOk(sent(h, udp(), { packetType: 2 }));
  t.strictSame(h.drops(), { 'link broadcast': 2 });
});

t.test('RFC 1122 3.2.2: no error about a packet to an IP broadcast or multicast address', async (t) => {
  using h = create('timeexceeded', 'BADADDRS 5.6.7.255 9.9.9.9');
  for (const dst of [
    '255.255.255.255',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '5.6.7.255',
    '9.9.9.9',
  ]) {
    t.notOk(sent(h, udp({ dst })), dst);
  }
  t.strictSame(h.drops(), { 'bad destination': 6 });
});

t.test('RFC 1812 4.3.2.7: no error to a source that is not one host', async (t) => {
  using h = create('timeexceeded', 'BADADDRS 9.9.9.9');
  const sources = ['0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '9.9.9.9'];
  for (const src of sources) t.notOk(sent(h, udp({ src })), src);
  t.strictSame(h.drops(), { 'bad source': sources.length });
});

t.test('RFC 1191 4: needfrag reports the MTU of the next hop', async (t) => {
  using h = create('unreachable', 'needfrag', 'PMTU 1400');
  const data = sent(h, udp())?.data ?? new Uint8Array(28);
  t.equal(view(data).getUint32(24), 1400);
});

t.test('RFC 792: a redirect names the gateway, from the destination annotation', async (t) => {
  using h = create('redirect', 'host');
  const data = sent(h, udp(), { destination: '18.26.4.1' })?.data ?? new Uint8Array(28);
  t.equal(ipText(data, 24), '18.26.4.1');
  t.notOk(sent(h, udp()), 'none without a gateway');
  t.strictSame(h.drops(), { 'bad redirect': 1 });
});

t.test('RFC 1812 5.2.7.2: no redirect about a packet with a source route', async (t) => {
  using h = create('redirect', 'host');
  for (const type of [131, 137]) {
    const options = route(type, 4, '1.1.1.1');
    t.notOk(sent(h, udp({ options }), { destination: '18.26.4.1' }));
  }
  t.strictSame(h.drops(), { 'bad redirect': 2 });
});

t.test('RFC 792: a parameter problem carries the pointer', async (t) => {
  using h = create('parameterproblem');
  const out = sent(h, udp(), { icmpParameter: 22 });
  t.strictSame([...(out?.data.subarray(24, 28) ?? [])], [22, 0, 0, 0]);
});

t.test('RFC 1812 4.3.2.6: a source route is put into the answer in reverse', async (t) => {
  using h = create('timeexceeded');
  const options = route(137, 12, '128.4.45.60', '128.4.49.61', '1.2.3.4', '5.6.7.8');
  const out = sent(h, ipv4Tcp({ link: false, src: '18.26.4.44', options }));
  const data = out?.data ?? new Uint8Array();
  t.equal(data[0], 0x48);
  t.strictSame(data.subarray(20, 32), route(137, 4, '128.4.49.61', '128.4.45.60'));
  t.equal(internetChecksum(data.subarray(0, 32)), 0);
  t.equal(out?.transportOffset, 32);
  t.equal(data.length, 32 + 8 + 40 + 20);
  t.equal(ipText(data, 16), '18.26.4.44');
});

t.test('hostile source routes are left out or cut to what is there', async (t) => {
  using h = create('timeexceeded');
  const option = (...bytes: number[]) => {
    const padded = new Uint8Array((bytes.length + 3) & ~3);
    padded.set(bytes);
    return padded;
  };
  const hopeless = [
    option(131, 0, 255, 1),
    option(131, 1, 255, 1),
    option(131, 2, 255, 1),
    option(131, 3, 255),
    option(131, 40, 255, 1),
    option(131, 7, 0, 1, 1, 1, 1),
    option(131, 7, 4, 1, 1, 1, 1),
    option(131),
    option(7, 0, 0, 0, 131, 7, 8, 1, 1, 1, 1),
    option(1, 1, 1, 131),
  ];
  for (const options of hopeless) t.equal(sent(h, udp({ options }))?.data[0], 0x45, [...options].join());
  const cut = sent(h, udp({ options: route(131, 255, '1.1.1.1', '2.2.2.2') }));
  t.strictSame(cut?.data.subarray(20, 32), route(131, 4, '2.2.2.2', '1.1.1.1'));
  const nine = Array.from({ length: 9 }, (_, i) => `10.0.0.${i}`);
  const longest = sent(h, udp({ options: route(131, 40, ...nine) }));
  t.equal(longest?.data[0], 0x4f);
  t.strictSame(longest?.data.subarray(20, 60), route(131, 4, ...nine.toReversed()));
});

t.test('packets without a whole IP header are dropped', async (t) => {
  using h = create('timeexceeded');
  const good = udp();
  const bad = (at: number, value: number) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  h.push(0, [
    good,
    marked(good.subarray(0, 19)),
    marked(bad(0, 0x65)),
    marked(bad(0, 0x44)),
    marked(bad(0, 0x4f).subarray(0, 59)),
  ]);
  h.push(0, [marked(bad(3, 19)), marked(new Uint8Array(0))]);
  t.equal(h.output(0).length, 0);
  t.strictSame(h.drops(), { 'bad header': 7 });
});

t.test('USE_FIX_ANNO false leaves the source as it is', async (t) => {
  using h = create('timeexceeded', 'USE_FIX_ANNO false');
  t.equal(sent(h, udp())?.fixIpSource, 0);
});

t.test('identifications go on over an upgrade', async (t) => {
  using h = create('timeexceeded');
  const id = () => view(sent(h, udp())?.data ?? new Uint8Array(28)).getUint16(4);
  t.strictSame([id(), id()], [1, 2]);
  h.upgrade();
  t.equal(id(), 3);
});

t.test('wrong arguments are refused', async (t) => {
  const wrong = [
    [],
    ['nonsense'],
    ['8'],
    ['256'],
    ['timeexceeded', 'port'],
    ['timeexceeded', 'MTU 100'],
    ['3', 'PMTU 70000'],
  ];
  for (const args of [...wrong, ['3', 'BADADDRS x']]) {
    t.throws(() => create(...args), { code: 'HC_CONFIGURE_FAILED' }, args.join());
  }
});
