import t from 'tap';
import { icmp, ipv4, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';
import {
  buildExample,
  Conversation,
  client,
  createFirewall,
  marked,
  passes,
  server,
} from './testing/firewall-bench.ts';

const beside = { newFlowsOnly: true };

t.test(
  'connections stay with their version, new ones take the new one, and counts are the sum',
  async (t) => {
    using firewall = createFirewall('allow tcp');
    const old = Array.from({ length: 300 }, (_, i) => new Conversation(firewall, 20_000 + i));
    for (const tcp of old) t.ok(tcp.open());
    firewall.upgrade(await buildExample('v2', t.testdir()), undefined, beside);
    t.same(firewall.records(), [0, 300]);

    const fresh = Array.from({ length: 40 }, (_, i) => new Conversation(firewall, 30_000 + i));
    for (const tcp of fresh) t.ok(tcp.open());
    for (const tcp of [...old, ...fresh]) {
      t.ok(tcp.send('inside', { payload: 'both' }));
      t.ok(tcp.send('outside', { payload: 'go on' }));
    }
    t.same(firewall.records(), [40, 300]);
    t.equal(firewall.printed().length, 40, 'version 2 logs its connections only');
    t.equal(firewall.read('connections'), '340');
    t.equal(firewall.read('opened'), '340');
    t.equal(firewall.read('allowed'), `${340 * 5}`);
    t.equal(firewall.read('table').trim().split('\n').length, 340, 'the table lists those of both');
    t.notOk(old[0]?.probe('inside', { seq: 900_000 }), 'windows are those of the version that knows them');
    t.equal(firewall.retire(), 1, 'a version with connections stays');
  },
);

t.test('one batch is parted, and each flow keeps its order', async (t) => {
  using firewall = createFirewall('allow udp');
  const frame = (sport: number, n: number) =>
    marked(ipv4Udp({ src: client, dst: server, sport, dport: 53, payload: Uint8Array.of(n) }));
  for (let i = 0; i < 100; i += 2) firewall.push(0, [frame(5000 + i, 0)]);
  firewall.output(0);
  firewall.upgrade(undefined, undefined, beside);
  const batch = Array.from({ length: 200 }, (_, i) => frame(5000 + (i % 100), i));
  firewall.push(0, batch);
  t.same(firewall.records(), [50, 50]);
  const seen = new Map<number, number[]>();
  for (const { data } of firewall.output(0)) {
    const sport = (data[34]! << 8) | data[35]!;
    seen.set(sport, [...(seen.get(sport) ?? []), data[42]!]);
  }
  t.equal(seen.size, 100);
  for (const [sport, numbers] of seen) t.same(numbers, [sport - 5000, sport - 5000 + 100]);
});

t.test('a version leaves when its last connection has ended, and what it counted stays', async (t) => {
  using firewall = createFirewall('allow tcp', 'allow udp', 'UDP_TIMEOUT 5s', 'CLOSED_TIMEOUT 1s');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.ok(passes(firewall, 'inside', ipv4Udp({ src: client, dst: server, sport: 7, dport: 53 })));
  t.notOk(passes(firewall, 'outside', ipv4Udp({ src: server, dst: client, sport: 9, dport: 9 })));
  firewall.upgrade(undefined, undefined, beside);
  t.ok(tcp.send('inside', { flags: 'R' }));
  firewall.advance(2000);
  t.same(firewall.records(), [0, 1]);
  firewall.advance(4000);
  t.same(firewall.records(), [0, 0]);
  t.equal(firewall.retire(), 0);
  t.same(firewall.records(), [0]);
  t.equal(firewall.read('allowed'), '5');
  t.equal(firewall.read('opened'), '2');
  t.equal(firewall.read('denied'), '1');
  t.same(firewall.drops(), { 'no rule': 1 });
});

t.test('a handshake with the ends of a connection that is over is a new connection', async (t) => {
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.ok(tcp.send('inside', { flags: 'R' }));
  firewall.upgrade(undefined, undefined, beside);
  t.same(firewall.records(), [0, 1]);
  const again = new Conversation(firewall);
  again.next = { inside: 70_000, outside: 90_000 };
  t.ok(again.open());
  t.ok(again.send('outside', { payload: 'answer' }));
  t.same(firewall.records(), [1, 0]);
});

t.test('what belongs to a connection without its ports follows it: errors and fragments', async (t) => {
  using firewall = createFirewall('allow udp');
  const flow = { src: client, dst: server, sport: 4000, dport: 53 };
  t.ok(passes(firewall, 'inside', ipv4Udp(flow)));
  firewall.upgrade(undefined, ['deny all'], beside);
  t.ok(
    passes(
      firewall,
      'outside',
      icmp({ src: '10.2.0.1', dst: client, type: 3, code: 4, payload: ipv4Udp({ ...flow, link: false }) }),
    ),
  );
  const whole = ipv4Udp({ ...flow, id: 77, link: false, payload: new Uint8Array(64) }).subarray(20);
  const first = ipv4({ ...flow, id: 77, protocol: 17, fragment: 0x2000 }, whole.subarray(0, 40));
  const last = ipv4({ ...flow, id: 77, protocol: 17, fragment: 5 }, whole.subarray(40));
  firewall.push(0, [marked(first), marked(last)]);
  t.equal(firewall.output(0).length, 2, 'both fragments in one batch');
  t.ok(passes(firewall, 'inside', last), 'and in a later one');
  t.notOk(passes(firewall, 'inside', ipv4Udp({ ...flow, sport: 4001 })), 'the new version denies new flows');
});

t.test(
  'an upgrade for all flows moves the connections of the older version, and nothing is lost',
  async (t) => {
    const version2 = await buildExample('v2', t.testdir());
    using firewall = createFirewall('allow tcp');
    const old = Array.from({ length: 500 }, (_, i) => new Conversation(firewall, 20_000 + i));
    for (const tcp of old) t.ok(tcp.open());
    firewall.upgrade(version2, undefined, beside);
    const fresh = Array.from({ length: 200 }, (_, i) => new Conversation(firewall, 30_000 + i));
    for (const tcp of fresh) t.ok(tcp.open());

    firewall.upgrade(undefined); // back to version 1
    for (const tcp of [...old, ...fresh]) {
      t.ok(tcp.send('inside', { payload: 'while they move' }));
      firewall.run(1);
    }
    while ((firewall.records()[1] ?? 0) > 0) firewall.run(1);
    t.equal(firewall.retire(), 0);
    t.same(firewall.records(), [700]);
    for (const tcp of [...old, ...fresh]) {
      t.equal(tcp.state(), 'established');
      t.ok(tcp.send('outside', { payload: 'after' }));
      t.notOk(tcp.probe('inside', { seq: tcp.next.inside + 200_000 }));
    }
    t.equal(firewall.read('opened'), '700');
    t.equal(firewall.read('allowed'), `${700 * 5}`);
  },
);

t.test('three versions run side by side', async (t) => {
  using firewall = createFirewall('allow tcp');
  const conversations: Conversation[] = [];
  for (let version = 0; version < 3; ++version) {
    if (version > 0) firewall.upgrade(undefined, undefined, beside);
    const tcp = new Conversation(firewall, 1000 + version);
    t.ok(tcp.open());
    conversations.push(tcp);
  }
  t.same(firewall.records(), [1, 1, 1]);
  for (const tcp of conversations) t.ok(tcp.send('outside', { payload: 'x' }));
  t.same(firewall.records(), [1, 1, 1]);
});

t.test('a write goes to all versions, and malformed packets to the newest', async (t) => {
  using firewall = createFirewall('allow tcp');
  t.ok(new Conversation(firewall).open());
  firewall.upgrade(undefined, undefined, beside);
  t.notOk(passes(firewall, 'inside', ipv4Tcp({ src: client, dst: server }).subarray(0, 40)));
  t.match(firewall.drops(), { malformed: 1 });
  firewall.write('flush');
  t.same(firewall.records(), [0, 0]);
});
