import t from 'tap';
import { ElementHarness, type PacketOutput } from '../../../engine/testing/element-harness.ts';
import { arpRequest, ethernet, ipv4Udp } from '../../../engine/testing/frames.ts';
import { VethPair } from './veth-pair.ts';

const noInputs = { inputs: 0, outputs: 1 };

/** Runs the element until it has given `count` packets; fails after five seconds without. */
function receive(element: ElementHarness, count: number): PacketOutput[] {
  const packets: PacketOutput[] = [];
  const end = Date.now() + 5000;
  while (packets.length < count && Date.now() < end) {
    element.run();
    packets.push(...element.output(0));
  }
  return packets;
}

function link(args: (pair: VethPair) => string[]) {
  const pair = new VethPair();
  const from = ElementHarness.create('FromDevice', args(pair), noInputs);
  const to = ElementHarness.create('ToDevice', [pair.left], { inputs: 1, outputs: 0 });
  from.run(); // the first call starts the socket
  return {
    pair,
    from,
    to,
    send(...frames: Uint8Array[]): void {
      to.push(0, frames);
      to.run();
    },
    [Symbol.dispose](): void {
      from[Symbol.dispose]();
      to[Symbol.dispose]();
      pair[Symbol.dispose]();
    },
  };
}

t.test('frames arrive in order with time, type and counts', (t) => {
  using l = link((pair) => [pair.right]);
  const frames = Array.from({ length: 300 }, (_, i) => ipv4Udp({ sport: i, payload: `number ${i}` }));
  const before = BigInt(Date.now() - 1000) * 1_000_000n;
  l.send(...frames);
  const got = receive(l.from, 300);
  t.same(
    got.map((p) => Buffer.from(p.data).toString('hex')),
    frames.map((f) => Buffer.from(f).toString('hex')),
  );
  t.ok((got[0]?.timestamp ?? 0n) > before, 'time of arrival');
  t.equal(got[0]?.packetType, 3, 'addressed to another host');
  t.equal(l.from.read('count'), '300');
  t.equal(l.from.read('byte_count'), String(frames.reduce((sum, f) => sum + f.length, 0)));
  t.equal(l.from.read('kernel_drops'), '0');
  t.equal(l.from.read('encap'), 'ETHER');
  l.from.write('reset_counts');
  t.equal(l.from.read('count'), '0');
  t.end();
});

t.test('a VLAN tag is in the frame and in the annotation', (t) => {
  using l = link((pair) => [pair.right]);
  const inner = ipv4Udp({}).subarray(14);
  const tagged = ethernet({ type: 0x8100 }, Uint8Array.from([0x60, 0x2a, 8, 0, ...inner]));
  l.send(tagged);
  const [packet] = receive(l.from, 1);
  t.same([...(packet?.data ?? [])], [...tagged]);
  t.equal(packet?.vlanTci, 0x602a);
  t.end();
});

t.test('an upgrade goes on with the same ring and counts', (t) => {
  using l = link((pair) => [pair.right]);
  l.send(ipv4Udp({ sport: 1 }));
  t.equal(receive(l.from, 1).length, 1);
  l.send(ipv4Udp({ sport: 2 }), ipv4Udp({ sport: 3 }));
  l.from.upgrade();
  t.equal(receive(l.from, 2).length, 2, 'what came before the upgrade is there after it');
  t.equal(l.from.read('count'), '3');
  t.end();
});

t.test('FORCE_IP drops what is not IP and marks the rest', (t) => {
  using l = link((pair) => [pair.right, 'FORCE_IP true']);
  l.send(arpRequest(), ipv4Udp({}));
  const got = receive(l.from, 1);
  t.equal(got[0]?.networkOffset, 14);
  t.equal(got[0]?.transportOffset, 34);
  t.same(l.from.drops(), { 'not IP': 1 });
  t.end();
});

t.test('nothing is read while it is not active', (t) => {
  using l = link((pair) => [pair.right, 'ACTIVE false']);
  t.equal(l.from.run(10), 0);
  t.equal(l.from.read('active'), 'false');
  l.from.write('active', 'true');
  l.from.run();
  l.send(ipv4Udp({}));
  t.equal(receive(l.from, 1).length, 1);
  t.end();
});

t.test('SNAPLEN cuts and TIMESTAMP false leaves the time out', (t) => {
  using l = link((pair) => [pair.right, 'SNAPLEN 64', 'TIMESTAMP false']);
  l.send(ipv4Udp({ payload: 'x'.repeat(200) }));
  const [packet] = receive(l.from, 1);
  t.equal(packet?.data.length, 64);
  t.equal(packet?.timestamp, 0n);
  t.end();
});

t.test('a link that goes down and an interface that comes back are said and survived', (t) => {
  using l = link((pair) => [pair.right]);
  l.from.printed();
  l.pair.remove();
  l.from.advance(2000);
  l.from.run();
  t.equal(l.from.read('link'), 'down');
  l.from.advance(2000);
  t.match(l.from.printed().join('\n'), /link is down/);
  l.pair.add();
  l.from.advance(2000);
  l.to.advance(2000);
  l.from.run(2);
  t.equal(l.from.read('link'), 'up');
  l.send(ipv4Udp({}));
  t.equal(receive(l.from, 1).length, 1);
  t.end();
});

t.test('mistakes are refused with a reason', (t) => {
  const create = (...args: string[]) => ElementHarness.create('FromDevice', args, noInputs);
  t.throws(() => create('no-such-if'), { code: 'HC_DEVICE', message: /no interface 'no-such-if'/ });
  t.throws(() => create('lo', 'METHOD NETMAP'), { message: /METHOD NETMAP is not available/ });
  t.throws(() => create('lo', 'BURST 257'), { message: /BURST must be from 1 to 256/ });
  t.throws(() => create('lo', 'HEADROOM 500'), { message: /HEADROOM must be at most/ });
  t.throws(() => create('lo', 'RING_VERSION 1'), { message: /RING_VERSION must be 2 or 3/ });
  t.throws(() => create('an-interface-name-that-is-much-too-long'), {
    message: /not the name of an interface/,
  });
  t.end();
});
