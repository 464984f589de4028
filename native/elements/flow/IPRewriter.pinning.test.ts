import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Tcp, ipv4Udp, type TcpFields } from '../../../engine/testing/frames.ts';

const inner = '10.1.0.2';
const outer = '192.0.2.1';
const peer = '198.51.100.7';
const beside = { newFlowsOnly: true };

function rewriter(range: string, ...more: string[]): ElementHarness {
  const args = [`pattern ${outer} ${range} - - 0 1`, 'drop', ...more];
  return ElementHarness.create('IPRewriter', args, { inputs: 2, outputs: 2 });
}

/** The source port behind the NAT that a flow from `sport` gets, or undefined when it is dropped. */
function translate(nat: ElementHarness, sport: number, fields: TcpFields = {}): number | undefined {
  const make = fields.flags === undefined ? ipv4Udp : ipv4Tcp;
  nat.push(0, [{ data: make({ src: inner, sport, dst: peer, dport: 53, ...fields }), networkOffset: 14 }]);
  const [packet] = nat.output(0);
  return packet && (packet.data[34]! << 8) | packet.data[35]!;
}

/** The port inside that an answer to `port` reaches. */
function answer(nat: ElementHarness, port: number, fields: TcpFields = {}): number | undefined {
  const make = fields.flags === undefined ? ipv4Udp : ipv4Tcp;
  nat.push(1, [
    { data: make({ src: peer, sport: 53, dst: outer, dport: port, ...fields }), networkOffset: 14 },
  ]);
  const [packet] = nat.output(1);
  return packet && (packet.data[36]! << 8) | packet.data[37]!;
}

t.test('no new flow gets a port that a flow of the older version uses', async (t) => {
  for (const range of ['2000-2099', '2000-2099#', '2000-2099?']) {
    using nat = rewriter(range);
    const ports = new Map<number, number>();
    for (let sport = 5000; sport < 5050; ++sport) ports.set(translate(nat, sport)!, sport);
    t.equal(ports.size, 50);
    nat.upgrade(undefined, undefined, beside);
    for (let sport = 6000; sport < 6050; ++sport) ports.set(translate(nat, sport)!, sport);
    t.equal(ports.size, 100, `${range}: every flow has a port of its own`);
    t.same(nat.records(), [100, 100]);
    for (const [port, sport] of ports) t.equal(answer(nat, port), sport, `${range}: and its answers`);
    t.equal(translate(nat, 7000), undefined, 'all ports are in use, in one version or the other');
    t.same(nat.read('size'), '100');
  }
});

t.test(
  'a port is kept for its flow where the pattern says so, unless the older version has it',
  async (t) => {
    using nat = rewriter('1024-65535');
    t.equal(translate(nat, 4000), 4000);
    nat.upgrade(undefined, undefined, beside);
    nat.push(0, [
      { data: ipv4Udp({ src: '10.1.0.3', sport: 4000, dst: peer, dport: 53 }), networkOffset: 14 },
    ]);
    const [packet] = nat.output(0);
    const port = packet && (packet.data[34]! << 8) | packet.data[35]!;
    t.ok(port !== undefined && port !== 4000);
    t.equal(answer(nat, 4000), 4000, 'the older flow has its answers still');
  },
);

t.test('a flow counts as known while either of its directions lives', async (t) => {
  using nat = rewriter('2000-2099', 'UDP_TIMEOUT 10s', 'UDP_STREAMING_TIMEOUT 10s');
  const port = translate(nat, 5000)!;
  nat.upgrade(undefined, undefined, beside);
  for (let i = 0; i < 4; ++i) {
    nat.advance(6000);
    t.equal(translate(nat, 5000), port, 'only one direction is used');
  }
  t.equal(answer(nat, port), 5000);
  t.same(nat.records(), [0, 2]);
  nat.advance(30_000);
  t.same(nat.records(), [0, 0]);
  t.equal(nat.retire(), 0);
});

t.test('a handshake over the remains of a finished connection goes to the new version', async (t) => {
  using nat = rewriter('2000-2099');
  const port = translate(nat, 5000, { flags: 'S' })!;
  t.equal(answer(nat, port, { flags: 'RA' }), 5000);
  nat.upgrade(undefined, undefined, beside);
  t.equal(translate(nat, 5000, { flags: 'A' }), port, 'what is still under way belongs to the old one');
  t.same(nat.records(), [0, 2]);
  t.ok(translate(nat, 5000, { flags: 'S' }));
  t.same(nat.records(), [2, 0]);
});

t.test('mappings move in pairs when the next upgrade is for all flows', async (t) => {
  using nat = rewriter('2000-3999');
  const ports = Array.from({ length: 400 }, (_, i) => translate(nat, 5000 + i)!);
  nat.upgrade(undefined, undefined, beside);
  ports.push(...Array.from({ length: 100 }, (_, i) => translate(nat, 5400 + i)!));
  nat.upgrade();
  let rounds = 0;
  while ((nat.records()[1] ?? 0) > 0) {
    nat.run(1);
    const i = (rounds++ * 37) % ports.length;
    t.equal(answer(nat, ports[i]!), 5000 + i);
  }
  t.equal(nat.retire(), 0);
  t.same(nat.records(), [1000]);
  ports.forEach((port, i) => {
    t.equal(translate(nat, 5000 + i), port);
    t.equal(answer(nat, port), 5000 + i);
  });
  nat.write('clear');
  t.same(nat.records(), [0], 'every record found its partner');
});
