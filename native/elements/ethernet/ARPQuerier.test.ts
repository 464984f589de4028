import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { arpReply, arpRequest, ethernet, ipText, ipv4Udp, macBytes } from '../../../engine/testing/frames.ts';

const own = { mac: '02:01:00:0a:0a:0f', ip: '1.0.10.10' };
const args = [own.ip, own.mac];
const hop = { mac: '02:02:01:0b:0b:00', ip: '1.0.0.1' };
const everyone = 'ff:ff:ff:ff:ff:ff';

const create = (...more: string[]) =>
  ElementHarness.create('ARPQuerier', [...args, ...more], { inputs: 2, outputs: 2 });
const packet = ipv4Udp({ link: false, payload: 'data' });
const via = (destination: string, data: Uint8Array = packet) => ({ data, destination });
const answer = (ip = hop.ip, mac = hop.mac, targetIp = own.ip) =>
  arpReply({
    senderMac: mac,
    senderIp: ip,
    targetMac: own.mac,
    targetIp,
    ethernet: { src: mac, dst: own.mac },
  });
const framed = (dst: string, data: Uint8Array = packet) => ethernet({ src: own.mac, dst }, data);
const query = (ip: string, dst = everyone) =>
  arpRequest({ senderMac: own.mac, senderIp: own.ip, targetIp: ip, ethernet: { src: own.mac, dst } });

t.test('asks for an unknown next hop, keeps the packet, and sends it when the answer comes', async (t) => {
  using h = create();
  h.push(0, [via(hop.ip)]);
  t.equal(h.output(0).length, 0);
  t.strictSame(
    h.output(1).map((p) => p.data),
    [query(hop.ip)],
  );
  t.equal(h.read('length'), '1');
  h.push(1, [answer()]);
  t.strictSame(
    h.output(0).map((p) => p.data),
    [framed(hop.mac)],
  );
  t.equal(h.read('length'), '0');
  h.push(0, [via(hop.ip)]);
  t.strictSame(h.output(0)[0]?.data, framed(hop.mac));
  t.equal(h.output(1).length, 0);
  t.strictSame([h.read('queries'), h.read('responses'), h.read('count')], ['1', '1', '1']);
});

t.test('waiting packets leave in order, and only those for the address that answered', async (t) => {
  using h = create();
  const numbered = (i: number) => ipv4Udp({ link: false, id: i });
  h.push(0, [via('1.0.0.1', numbered(1)), via('1.0.0.2', numbered(2)), via('1.0.0.1', numbered(3))]);
  t.strictSame(
    h.output(1).map((p) => ipText(p.data, 38)),
    ['1.0.0.1', '1.0.0.2'],
  );
  h.push(1, [answer('1.0.0.1')]);
  t.strictSame(
    h.output(0).map((p) => p.data),
    [framed(hop.mac, numbered(1)), framed(hop.mac, numbered(3))],
  );
  h.push(1, [answer('1.0.0.2', '02:00:00:00:00:22')]);
  t.strictSame(h.output(0)[0]?.data, framed('02:00:00:00:00:22', numbered(2)));
});

t.test('with one output, queries leave by it', async (t) => {
  using h = ElementHarness.create('ARPQuerier', args, { inputs: 2, outputs: 1 });
  h.push(0, [via(hop.ip)]);
  t.strictSame(h.output(0)[0]?.data, query(hop.ip));
});

t.test('queries carry the VLAN tag of the packet that needs them', async (t) => {
  using h = create();
  h.push(0, [{ ...via(hop.ip), vlanTci: 42 }]);
  t.equal(h.output(1)[0]?.vlanTci, 42);
});

t.test('at most ten queries a second for an address, then one in two seconds', async (t) => {
  using h = create();
  let queries = 0;
  for (let ms = 0; ms < 5000; ms += 10) {
    h.push(0, [via(hop.ip)]);
    queries += h.output(1).length;
    if (ms === 990) t.equal(queries, 10);
    h.advance(10);
  }
  t.equal(queries, 12, 'ten in the first second, then two more');
});

t.test('broadcast and multicast destinations need no query', async (t) => {
  using h = ElementHarness.create('ARPQuerier', [`${own.ip}/24`, own.mac], { inputs: 2, outputs: 2 });
  t.equal(h.read('broadcast'), '1.0.10.255');
  h.push(0, [via('255.255.255.255'), via('1.0.10.255'), via('224.129.2.3'), via('239.255.255.250')]);
  t.strictSame(
    h.output(0).map((p) => p.data.subarray(0, 6)),
    [everyone, everyone, '01:00:5e:01:02:03', '01:00:5e:7f:ff:fa'].map(macBytes),
    'RFC 1112 6.4: the lower 23 bits',
  );
  t.equal(h.output(1).length, 0);
});

t.test('BROADCAST names the broadcast address', async (t) => {
  using h = create('BROADCAST 9.9.9.9');
  h.push(0, [via('9.9.9.9')]);
  t.strictSame(h.output(0)[0]?.data, framed(everyone));
});

t.test('packets for 0.0.0.0 are dropped', async (t) => {
  using h = create();
  h.push(0, [via('0.0.0.0'), packet]);
  t.strictSame(h.drops(), { 'no destination': 2 });
  t.equal(h.read('drops'), '2');
});

t.test('ENTRY_PACKET_CAPACITY bounds what waits for one address, CAPACITY what waits in all', async (t) => {
  using h = create('ENTRY_PACKET_CAPACITY 10', 'CAPACITY 15');
  const burst = (ip: string) => Array.from({ length: 50 }, () => via(ip));
  h.push(0, burst('2.0.0.2'));
  t.strictSame(h.drops(), { 'address full': 40 });
  h.push(0, burst('2.0.0.3'));
  t.strictSame(h.drops(), { 'address full': 80, 'all full': 5 });
  t.equal(h.read('length'), '15');
  t.equal(h.read('stats'), '85 packets killed\n2 ARP queries sent\n');
  h.push(1, [answer('2.0.0.2')]);
  t.equal(h.output(0).length, 5, 'the oldest went');
});

t.test('packets that wait too long are dropped, and nothing leaks', async (t) => {
  using h = create();
  const free = h.freePackets();
  h.push(0, [via(hop.ip), via('1.0.0.2')]);
  h.output(1);
  h.advance(11_000);
  h.advance(11_000);
  t.strictSame(h.drops(), { unanswered: 2 });
  t.equal(h.read('length'), '0');
  t.equal(h.freePackets(), free);
});

t.test('an entry is polled by unicast while it still holds, and given up after TIMEOUT', async (t) => {
  using h = create('TIMEOUT 10s', 'POLL_TIMEOUT 8s');
  h.write('insert', `${hop.ip} ${hop.mac}`);
  h.push(0, [via(hop.ip)]);
  h.advance(8100);
  h.push(0, [via(hop.ip)]);
  t.equal(h.output(0).length, 2);
  t.strictSame(
    h.output(1).map((p) => p.data),
    [query(hop.ip, hop.mac)],
  );
  h.advance(2000);
  h.push(0, [via(hop.ip)]);
  t.equal(h.output(0).length, 0, 'too old to be used');
  t.strictSame(h.output(1)[0]?.data, query(hop.ip));
  h.push(1, [answer()]);
  t.equal(h.output(0).length, 1);
});

t.test('BROADCAST_POLL polls by broadcast; POLL_TIMEOUT 0 does not poll', async (t) => {
  using broadcast = create('POLL_TIMEOUT 1s', 'BROADCAST_POLL true');
  broadcast.write('insert', `${hop.ip} ${hop.mac}`);
  broadcast.advance(1500);
  broadcast.push(0, [via(hop.ip)]);
  t.strictSame(broadcast.output(1)[0]?.data, query(hop.ip));
  using never = create('POLL_TIMEOUT 0');
  never.write('insert', `${hop.ip} ${hop.mac}`);
  never.advance(200_000);
  never.push(0, [via(hop.ip)]);
  t.equal(never.output(0).length, 1);
  t.equal(never.output(1).length, 0);
});

t.test('TIMEOUT 0 keeps an entry for ever', async (t) => {
  using h = create('TIMEOUT 0', 'POLL_TIMEOUT 0');
  h.write('insert', `${hop.ip} ${hop.mac}`);
  h.advance(86_400_000);
  h.push(0, [via(hop.ip)]);
  t.equal(h.output(0).length, 1);
});

t.test('a later reply changes the address', async (t) => {
  using h = create();
  h.write('insert', `${hop.ip} ${hop.mac}`);
  h.push(1, [answer(hop.ip, '02:00:00:00:00:77', '9.9.9.9')]);
  h.push(0, [via(hop.ip)]);
  t.strictSame(h.output(0)[0]?.data, framed('02:00:00:00:00:77'));
});

t.test('RFC 826: a reply that is not for us makes no entry', async (t) => {
  using h = create();
  h.push(1, [answer('1.0.0.9', hop.mac, '9.9.9.9')]);
  t.equal(h.read('count'), '0');
  t.strictSame(h.drops(), { unsolicited: 1 });
});

t.test('hostile frames on input 1 are dropped', async (t) => {
  using h = create();
  const free = h.freePackets();
  const frames = [
    new Uint8Array(0),
    answer().subarray(0, 41),
    query(hop.ip),
    packet,
    answer('0.0.0.0'),
    answer('224.0.0.1'),
    answer('255.255.255.255'),
    answer(own.ip),
    answer(hop.ip, everyone),
    answer(hop.ip, '01:00:5e:00:00:01'),
  ];
  h.push(1, frames);
  t.strictSame(h.drops(), { 'not an ARP reply': frames.length });
  t.equal(h.read('count'), '0');
  t.equal(h.freePackets(), free);
});

t.test('the table shows address, validity, Ethernet address and age', async (t) => {
  using h = create();
  h.write('insert', `${hop.ip} ${hop.mac}`);
  h.push(0, [via('1.0.0.2')]);
  h.advance(1500);
  t.match(h.read('table'), /^1\.0\.0\.1 1 02-02-01-0B-0B-00 1\.50*$/m);
  t.match(h.read('table'), /^1\.0\.0\.2 0 FF-FF-FF-FF-FF-FF 1\.50*$/m);
});

t.test('insert sends what waits; delete and clear drop it', async (t) => {
  using h = create();
  h.push(0, [via('1.0.0.1'), via('1.0.0.2'), via('1.0.0.3')]);
  h.write('insert', '1.0.0.1 02:00:00:00:00:01');
  t.equal(h.output(0).length, 1);
  h.write('delete', '1.0.0.2');
  t.strictSame(h.drops(), { deleted: 1 });
  h.write('clear');
  t.strictSame(h.drops(), { deleted: 2 });
  t.strictSame([h.read('count'), h.read('length')], ['0', '0']);
  t.throws(() => h.write('delete', '1.0.0.2'), /no entry/);
  t.throws(() => h.write('insert', '1.0.0.2'), /IP ETHER/);
});

t.test('ENTRY_CAPACITY holds under a scan: the entry heard of longest ago goes', async (t) => {
  using h = create('ENTRY_CAPACITY 2');
  h.write('insert', '1.0.0.1 02:00:00:00:00:01');
  h.advance(1000);
  h.write('insert', '1.0.0.2 02:00:00:00:00:02');
  h.advance(1000);
  h.push(0, [via('1.0.0.3')]);
  t.equal(h.read('count'), '2');
  t.notMatch(h.read('table'), /^1\.0\.0\.1 /m);
  t.match(h.read('table'), /^1\.0\.0\.2 1/m);
});

t.test('a scan of many addresses stays within all bounds', async (t) => {
  using h = create('CAPACITY 100', 'ENTRY_CAPACITY 500');
  const free = h.freePackets();
  for (let i = 0; i < 20; i++) {
    h.push(
      0,
      Array.from({ length: 256 }, (_, j) => via(`10.${i}.1.${j}`)),
    );
    h.output(1);
  }
  t.equal(h.read('length'), '100');
  t.equal(h.read('count'), '500');
  t.equal(h.freePackets(), free - 100);
  h.write('clear');
  t.equal(h.freePackets(), free);
});

t.test('ipaddr changes who asks', async (t) => {
  using h = create();
  t.equal(h.read('ipaddr'), own.ip);
  h.write('ipaddr', '7.7.7.7');
  h.push(0, [via(hop.ip)]);
  t.equal(ipText(h.output(1)[0]?.data ?? new Uint8Array(42), 28), '7.7.7.7');
});

t.test('entries and waiting packets live through an upgrade', async (t) => {
  using h = create();
  const free = h.freePackets();
  h.push(0, [via(hop.ip), via('1.0.0.2'), via('1.0.0.2')]);
  h.push(1, [answer()]);
  t.equal(h.output(0).length, 1);
  h.output(1);
  h.upgrade();
  h.push(0, [via(hop.ip)]);
  t.equal(h.output(0).length, 1, 'the address is known');
  t.equal(h.read('length'), '2');
  h.push(1, [answer('1.0.0.2')]);
  t.equal(h.output(0).length, 2, 'the packets waited');
  t.equal(h.read('queries'), '2');
  t.equal(h.freePackets(), free);
});

t.test('packets that waited before an upgrade are still given up in time', async (t) => {
  using h = create();
  h.push(0, [via(hop.ip)]);
  h.upgrade();
  h.advance(11_000);
  h.advance(11_000);
  t.equal(h.read('length'), '0');
  t.equal(h.drops().unanswered, 1);
});

t.test('wrong arguments are refused', async (t) => {
  const wrong = [
    [],
    ['1.0.0.1'],
    ['1.0.0', own.mac],
    [own.ip, 'x'],
    [...args, 'CAPACITY x'],
    [...args, 'TABLE t'],
  ];
  for (const list of wrong) {
    t.throws(
      () => ElementHarness.create('ARPQuerier', list, { inputs: 2 }),
      { code: 'HC_CONFIGURE_FAILED' },
      list.join(),
    );
  }
});
