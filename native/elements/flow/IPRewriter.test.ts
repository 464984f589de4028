import t from 'tap';
import { ElementHarness, type PacketOutput } from '../../../engine/testing/element-harness.ts';
import { internetChecksum, ipText, ipv4, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';

const inner = '10.1.0.2';
const outer = '192.0.2.1';
const peer = '198.51.100.7';

function rewriter(...args: string[]): ElementHarness {
  const inputs = args.filter((arg) => !/^[A-Z]/.test(arg)).length;
  return ElementHarness.create('IPRewriter', args, { inputs, outputs: 2 });
}
const marked = (data: Uint8Array) => ({ data, networkOffset: 14 });

interface Flow {
  readonly src: string;
  readonly sport: number;
  readonly dst: string;
  readonly dport: number;
}

/** What stands in a frame, after its checksums were verified in full. */
function flowOf(t: Tap, data: Uint8Array): Flow {
  const ip = data.subarray(14);
  const view = new DataView(ip.buffer, ip.byteOffset, ip.length);
  t.equal(internetChecksum(ip.subarray(0, 20)), 0, 'the IP checksum is right');
  const segment = ip.subarray(20, view.getUint16(2));
  const pseudo = new Uint8Array(12);
  pseudo.set(ip.subarray(12, 20));
  pseudo[9] = ip[9] ?? 0;
  new DataView(pseudo.buffer).setUint16(10, segment.length);
  const unsummed = ip[9] === 17 && view.getUint16(26) === 0;
  if (!unsummed) t.equal(internetChecksum(pseudo, segment), 0, 'the transport checksum is right');
  return { src: ipText(ip, 12), sport: view.getUint16(20), dst: ipText(ip, 16), dport: view.getUint16(22) };
}
type Tap = Pick<typeof t, 'equal'>;

/** Sends one frame and returns the packet that leaves by `out`, if it does. */
function send(nat: ElementHarness, input: number, frame: Uint8Array, out: number): PacketOutput | undefined {
  nat.push(input, [marked(frame)]);
  const [packet, ...others] = nat.output(out);
  if (others.length > 0 || nat.output(1 - out).length > 0) throw new Error('more packets than expected');
  return packet;
}

const forward = (fields = {}) => ({ src: inner, sport: 5000, dst: peer, dport: 80, ...fields });
const snat = ['pattern 192.0.2.1 1024-65535 - - 0 1', 'drop'];

t.test('source NAT: both directions are rewritten, with right checksums (RFC 1624)', async (t) => {
  for (const make of [ipv4Tcp, ipv4Udp]) {
    using nat = rewriter(...snat);
    const out = send(nat, 0, make({ ...forward(), payload: 'odd length!' }), 0);
    if (!out) return t.fail('the packet did not leave');
    const flow = flowOf(t, out.data);
    t.same(
      flow,
      { src: outer, sport: 5000, dst: peer, dport: 80 },
      "the packet's own port is kept when it is free",
    );
    t.equal(out.destination, peer);
    const back = send(nat, 1, make({ src: peer, sport: 80, dst: outer, dport: 5000, payload: 'abc' }), 1);
    if (!back) return t.fail('the answer did not leave');
    t.same(flowOf(t, back.data), { src: peer, sport: 80, dst: inner, dport: 5000 });
    t.equal(back.destination, inner);
    t.equal(nat.read('size'), '1');
    t.equal(nat.read('table_size'), '2');
  }
});

t.test('destination NAT, and patterns that leave fields alone', async (t) => {
  using nat = rewriter('pattern - - 10.9.9.9 8080 0 1', 'drop', 'pattern - 7777 - 99 0 1');
  const to = send(nat, 0, ipv4Tcp({ src: peer, sport: 999, dst: outer, dport: 80 }), 0);
  t.same(to && flowOf(t, to.data), { src: peer, sport: 999, dst: '10.9.9.9', dport: 8080 });
  const back = send(nat, 1, ipv4Tcp({ src: '10.9.9.9', sport: 8080, dst: peer, dport: 999 }), 1);
  t.same(back && flowOf(t, back.data), { src: outer, sport: 80, dst: peer, dport: 999 });
  const ports = send(nat, 2, ipv4Udp(forward()), 0);
  t.same(ports && flowOf(t, ports.data), { src: inner, sport: 7777, dst: peer, dport: 99 });
});

t.test('known flows are rewritten on whatever input they arrive', async (t) => {
  using nat = rewriter(...snat);
  t.ok(send(nat, 0, ipv4Udp(forward()), 0));
  t.ok(send(nat, 1, ipv4Udp(forward()), 0));
  t.ok(send(nat, 0, ipv4Udp({ src: peer, sport: 80, dst: outer, dport: 5000 }), 1));
});

t.test('drop, pass, nochange, discard and keep', async (t) => {
  using nat = rewriter('drop', 'discard', 'pass 1', 'nochange', 'keep 0 1');
  t.notOk(send(nat, 0, ipv4Tcp(forward()), 0));
  t.notOk(send(nat, 1, ipv4Tcp(forward()), 0));
  t.same(nat.drops(), { 'not mapped': 2 });
  t.ok(send(nat, 2, ipv4Tcp(forward()), 1));
  t.ok(send(nat, 3, ipv4Tcp(forward()), 0));
  t.equal(nat.read('size'), '0', 'no mapping was made');
  const gre = ipv4({ src: inner, dst: peer, protocol: 47 }, new Uint8Array(8));
  t.ok(send(nat, 2, gre, 1), 'a pass input takes everything');
  t.notOk(send(nat, 4, gre, 0));
  const kept = send(nat, 4, ipv4Tcp(forward()), 0);
  t.same(kept && flowOf(t, kept.data), { src: inner, sport: 5000, dst: peer, dport: 80 });
  t.ok(
    send(nat, 0, ipv4Tcp({ src: peer, sport: 80, dst: inner, dport: 5000 }), 1),
    'the answer is known now',
  );
});

t.test('a UDP checksum of zero stays zero, and none becomes zero (RFC 768)', async (t) => {
  using nat = rewriter(...snat);
  const plain = ipv4Udp(forward());
  plain.fill(0, 14 + 26, 14 + 28);
  const out = send(nat, 0, plain, 0);
  t.same(out?.data.subarray(40, 42), Uint8Array.of(0, 0));
  for (let word = 0; word < 0x10000; word += 7) {
    const frame = ipv4Udp({ ...forward(), payload: Uint8Array.of(word >> 8, word & 255) });
    const sent = send(nat, 0, frame, 0);
    if (!sent || (sent.data[40] === 0 && sent.data[41] === 0)) return t.fail(`payload ${word}`);
  }
});

t.test('ports in order, from a range that ends', async (t) => {
  using nat = rewriter('pattern 192.0.2.1 2000-2003# - - 0 1', 'drop');
  const ports = Array.from({ length: 4 }, (_, i) => {
    const out = send(nat, 0, ipv4Tcp(forward({ sport: 6000 + i })), 0);
    return out && flowOf(t, out.data).sport;
  });
  t.same(ports, [2000, 2001, 2002, 2003]);
  t.notOk(send(nat, 0, ipv4Tcp(forward({ sport: 6004 })), 0));
  t.same(nat.drops(), { 'no free port': 1 });
  t.equal(nat.read('mapping_failures'), '1');
  t.ok(
    send(nat, 0, ipv4Tcp(forward({ sport: 6004, dport: 81 })), 0),
    'another destination has all ports free',
  );
  t.ok(send(nat, 0, ipv4Udp(forward({ sport: 6004 })), 0), 'so has another protocol');
  t.ok(send(nat, 0, ipv4Tcp(forward({ sport: 6001 })), 0), 'known flows go on');
});

t.test('ports at random: every one of the range is found, each once', async (t) => {
  using nat = rewriter('pattern 192.0.2.1 3000-3099? - - 0 1', 'drop');
  const ports = new Set<number | undefined>();
  for (let i = 0; i < 100; ++i) {
    const out = send(nat, 0, ipv4Udp(forward({ sport: 6000 + i })), 0);
    ports.add(out && flowOf(t, out.data).sport);
  }
  t.equal(ports.size, 100);
  t.notOk(ports.has(undefined));
  t.notOk(send(nat, 0, ipv4Udp(forward({ sport: 6100 })), 0));
});

t.test('two hosts with the same port are told apart', async (t) => {
  using nat = rewriter(...snat);
  const first = send(nat, 0, ipv4Udp(forward()), 0);
  const second = send(nat, 0, ipv4Udp(forward({ src: '10.1.0.3' })), 0);
  if (!first || !second) return t.fail('a packet did not leave');
  const port = flowOf(t, second.data).sport;
  t.not(port, flowOf(t, first.data).sport);
  const back = send(nat, 1, ipv4Udp({ src: peer, sport: 80, dst: outer, dport: port }), 1);
  t.equal(back && flowOf(t, back.data).dst, '10.1.0.3');
});

t.test('a flow lives as long as either direction is used', async (t) => {
  using nat = rewriter(...snat, 'UDP_TIMEOUT 10s');
  const there = ipv4Udp(forward());
  const back = ipv4Udp({ src: peer, sport: 80, dst: outer, dport: 5000 });
  t.ok(send(nat, 0, there, 0));
  for (let i = 0; i < 4; ++i) {
    nat.advance(8_000);
    t.ok(send(nat, 1, back, 1));
  }
  t.ok(send(nat, 0, there, 0), 'silent for 32 seconds in this direction');
  nat.advance(11_000);
  t.equal(nat.read('table_size'), '0');
  t.notOk(send(nat, 1, back, 1));
});

t.test('TCP timeouts: data in both directions, in one, and after FIN or RST', async (t) => {
  const timeouts = ['TCP_TIMEOUT 100s', 'TCP_NODATA_TIMEOUT 20s', 'TCP_DONE_TIMEOUT 5s'];
  const there = (flags: string, payload = '') => ipv4Tcp({ ...forward(), flags, payload });
  const back = (flags: string, payload = '') =>
    ipv4Tcp({ src: peer, sport: 80, dst: outer, dport: 5000, flags, payload });
  using nat = rewriter(...snat, ...timeouts);
  t.ok(send(nat, 0, there('S'), 0));
  t.ok(send(nat, 0, there('A', 'request'), 0));
  t.match(nat.read('tcp_table'), /exp20/);
  nat.advance(21_000);
  t.equal(nat.read('size'), '0');
  t.ok(send(nat, 0, there('A', 'request'), 0));
  t.ok(send(nat, 1, back('A', 'answer'), 1));
  t.ok(send(nat, 0, there('A'), 0));
  t.match(nat.read('tcp_table'), /\[\*0 1\] i0 exp100/);
  nat.advance(90_000);
  t.ok(send(nat, 1, back('FA'), 1));
  t.ok(send(nat, 0, there('A'), 0));
  nat.advance(11_000);
  t.equal(nat.read('size'), '0');
});

t.test('an RST from one side ends both directions, though the other never says anything again', async (t) => {
  const timeouts = ['TCP_TIMEOUT 100s', 'TCP_DONE_TIMEOUT 5s'];
  const there = (flags: string, payload = '') => ipv4Tcp({ ...forward(), flags, payload });
  const back = ipv4Tcp({ src: peer, sport: 80, dst: outer, dport: 5000, flags: 'A', payload: 'answer' });
  using nat = rewriter(...snat, ...timeouts);
  t.ok(send(nat, 0, there('A', 'request'), 0));
  t.ok(send(nat, 1, back, 1));
  t.ok(send(nat, 0, there('R'), 0));
  nat.advance(11_000);
  t.equal(nat.read('size'), '0');

  t.ok(send(nat, 0, there('A', 'request'), 0));
  t.ok(send(nat, 1, back, 1));
  t.ok(send(nat, 0, there('R'), 0));
  t.ok(send(nat, 0, there('S'), 0), 'and begins again');
  t.ok(send(nat, 1, back, 1));
  nat.advance(11_000);
  t.equal(nat.read('size'), '1');
});

t.test('a full table gives up idle flows, but none within its guarantee', async (t) => {
  using nat = rewriter(...snat, 'MAPPING_CAPACITY 3', 'UDP_GUARANTEE 5s');
  const flow = (sport: number) => ipv4Udp(forward({ sport }));
  for (const sport of [1, 2, 3]) t.ok(send(nat, 0, flow(sport), 0));
  t.notOk(send(nat, 0, flow(4), 0));
  t.same(nat.drops(), { 'table full': 1 });
  nat.advance(6_000);
  t.ok(send(nat, 0, flow(1), 0));
  t.ok(send(nat, 0, flow(3), 0));
  t.ok(send(nat, 0, flow(4), 0), 'in place of the second flow');
  t.equal(nat.read('size'), '3');
  t.notMatch(nat.read('udp_table'), `(${inner}, 2, `);
  t.match(nat.read('udp_table'), `(${inner}, 3, `);
});

t.test('handlers list and clear mappings', async (t) => {
  using nat = rewriter(...snat);
  t.ok(send(nat, 0, ipv4Tcp(forward()), 0));
  t.equal(
    nat.read('table'),
    `(${inner}, 5000, ${peer}, 80) => (${outer}, 5000, ${peer}, 80) [*0 1] i0 exp300\n` +
      `(${peer}, 80, ${outer}, 5000) => (${peer}, 80, ${inner}, 5000) [0 *1] i0 exp300\n`,
  );
  t.equal(nat.read('mappings'), nat.read('tcp_table'));
  t.equal(nat.read('udp_table'), '');
  t.equal(nat.read('patterns'), '192.0.2.1 1024-65535 - -\n<drop>\n');
  nat.write('clear');
  t.equal(nat.read('table_size'), '0');
  t.equal(nat.read('table'), '');
});

t.test('an upgrade keeps flows, failures and the place in the range', async (t) => {
  using nat = rewriter('pattern 192.0.2.1 2000-2002# - - 0 1', 'drop');
  for (const sport of [1, 2]) t.ok(send(nat, 0, ipv4Tcp(forward({ sport })), 0));
  nat.upgrade();
  const back = send(nat, 1, ipv4Tcp({ src: peer, sport: 80, dst: outer, dport: 2001 }), 1);
  t.same(back && flowOf(t, back.data), { src: peer, sport: 80, dst: inner, dport: 2 });
  const third = send(nat, 0, ipv4Tcp(forward({ sport: 3 })), 0);
  t.equal(third && flowOf(t, third.data).sport, 2002);
  t.notOk(send(nat, 0, ipv4Tcp(forward({ sport: 4 })), 0));
  nat.upgrade();
  t.equal(nat.read('mapping_failures'), '1');
  t.equal(nat.read('size'), '3');
});

t.test('later fragments, other protocols and truncated packets are dropped', async (t) => {
  using nat = rewriter(...snat);
  const free = nat.freePackets();
  t.ok(send(nat, 0, ipv4Udp({ ...forward(), fragment: 0x2000 }), 0), 'the first fragment has its ports');
  t.notOk(send(nat, 0, ipv4({ src: inner, dst: peer, protocol: 17, fragment: 3 }, new Uint8Array(64)), 0));
  t.notOk(send(nat, 0, ipv4({ src: inner, dst: peer, protocol: 1 }, new Uint8Array(64)), 0));
  for (const frame of [ipv4Tcp(forward()), ipv4Udp(forward())]) {
    for (let length = 14; length < frame.length; ++length) {
      t.notOk(send(nat, 0, frame.subarray(0, length), 0), `the first ${length} bytes`);
    }
  }
  t.ok(send(nat, 0, Uint8Array.from([...ipv4Udp(forward()), 0, 0, 0]), 0), 'padding of the link is no harm');
  nat.push(0, [ipv4Udp(forward())]);
  t.equal(nat.output(0).length, 0, 'the network header is not marked');
  t.same(Object.keys(nat.drops()), ['not rewritable']);
  t.equal(nat.freePackets(), free);
});

t.test('specifications that are wrong are refused as Click does', async (t) => {
  const refused: [string, RegExp][] = [
    ['pattern 1.0.0.1 1x - - 0 1', /input spec 0: bad source port/],
    ['pattern 1.0.0.1 456-19 - - 0 1', /input spec 0: bad source port/],
    ['pattern 1.0.0.1 456-65536 - - 0 1', /input spec 0: bad source port/],
    ['pattern 1.0.0 1-2 - - 0 1', /input spec 0: bad source address/],
    ['pattern - - 1.2.3 - 0 1', /input spec 0: bad destination address/],
    ['pattern - - - 0 0 1', /input spec 0: bad destination port/],
    ['pattern - - - - 0 2', /input spec 0: output port out of range/],
    ['pattern - - - - 0', /input spec 0: syntax error/],
    ['keep 0', /input spec 0: bad/],
    ['keep 0 x', /input spec 0: bad reply port/],
    ['pass 5', /input spec 0: output port out of range/],
    ['drop 1', /input spec 0: syntax error/],
    ['rewrite', /input spec 0: unknown specification/],
  ];
  for (const [spec, message] of refused) {
    t.throws(() => rewriter(spec), { code: 'HC_CONFIGURE_FAILED', message }, spec);
  }
  t.throws(() => ElementHarness.create('IPRewriter', ['drop'], { inputs: 2, outputs: 2 }), {
    message: /need 2 arguments, one per input port/,
  });
});
