import t from 'tap';
import { ethernet, icmp, ipv4, ipv4Tcp, ipv4Udp } from '../../../engine/testing/frames.ts';
import {
  Conversation,
  client,
  createFirewall,
  dropReasons,
  marked,
  passes,
  server,
} from './testing/firewall-bench.ts';

const question = (fields = {}) => ipv4Udp({ src: client, dst: server, sport: 5000, dport: 53, ...fields });
const answer = (fields = {}) => ipv4Udp({ src: server, dst: client, sport: 53, dport: 5000, ...fields });
const moreFragments = 0x2000;

/** An ICMP error that quotes the first bytes of an IP packet. */
function icmpError(from: string, to: string, frame: Uint8Array, type = 3, quoted = 28): Uint8Array {
  return icmp({
    src: from,
    dst: to,
    type,
    identifier: 0,
    sequence: 0,
    payload: frame.subarray(14, 14 + quoted),
  });
}

t.test('UDP: answers pass, and a conversation lives longer (RFC 4787, REQ-5)', async (t) => {
  using firewall = createFirewall('allow udp dst port 53', 'UDP_TIMEOUT 2s', 'UDP_STREAM_TIMEOUT 20s');
  const reason = dropReasons(firewall);
  t.notOk(passes(firewall, 'outside', answer()));
  t.equal(reason(), 'no rule');
  t.ok(passes(firewall, 'inside', question()));
  t.match(firewall.read('table'), `udp ${client}:5000 > ${server}:53 single packets 1/0`);
  t.ok(passes(firewall, 'outside', answer()));
  t.match(firewall.read('table'), 'stream packets 1/1');
  firewall.advance(15_000);
  t.ok(passes(firewall, 'outside', answer()));
  firewall.advance(27_000);
  t.notOk(passes(firewall, 'outside', answer()));
});

t.test('UDP: a packet that was never answered is forgotten soon', async (t) => {
  using firewall = createFirewall('allow udp', 'UDP_TIMEOUT 2s');
  t.ok(passes(firewall, 'inside', question()));
  firewall.advance(2100);
  t.notOk(passes(firewall, 'outside', answer()));
});

t.test('packets of one batch that begin the same connection make one record', async (t) => {
  using firewall = createFirewall('allow udp');
  firewall.push(
    0,
    Array.from({ length: 200 }, (_, i) => marked(question({ sport: 5000 + (i % 3) }))),
  );
  t.equal(firewall.output(0).length, 200);
  t.equal(firewall.read('connections'), '3');
});

t.test('ICMP: replies to our queries pass, others do not', async (t) => {
  using firewall = createFirewall('allow icmp type echo');
  const reason = dropReasons(firewall);
  t.notOk(passes(firewall, 'outside', icmp({ src: server, dst: client, type: 0, identifier: 9 })));
  t.equal(reason(), 'no connection');
  t.ok(passes(firewall, 'inside', icmp({ src: client, dst: server, type: 8, identifier: 9 })));
  t.ok(passes(firewall, 'outside', icmp({ src: server, dst: client, type: 0, identifier: 9 })));
  t.notOk(passes(firewall, 'outside', icmp({ src: server, dst: client, type: 0, identifier: 10 })));
  t.equal(reason(), 'no connection');
  t.notOk(passes(firewall, 'outside', icmp({ src: server, dst: client, type: 8, identifier: 9 })), 'a query');
  t.equal(reason(), 'no rule');
  t.notOk(passes(firewall, 'outside', icmp({ src: server, dst: client, type: 5 })), 'a redirect');
  t.equal(reason(), 'unrelated');
});

t.test('ICMP errors pass when they quote a packet of a connection (RFC 5508)', async (t) => {
  using firewall = createFirewall('allow udp', 'allow tcp', 'allow icmp');
  const reason = dropReasons(firewall);
  const router = '192.0.2.254';
  t.notOk(passes(firewall, 'outside', icmpError(server, client, question())));
  t.equal(reason(), 'unrelated');
  t.ok(passes(firewall, 'inside', question()));
  t.ok(passes(firewall, 'outside', icmpError(server, client, question())), 'port unreachable');
  t.ok(passes(firewall, 'outside', icmpError(router, client, question(), 11)), 'TTL exceeded, from a router');
  t.notOk(passes(firewall, 'outside', icmpError(router, '10.1.0.99', question())), 'not to the sender');
  t.equal(reason(), 'unrelated');
  t.notOk(passes(firewall, 'inside', icmpError(client, server, question())), 'from the wrong side');
  t.equal(reason(), 'unrelated');
  t.notOk(passes(firewall, 'outside', icmpError(server, client, question(), 3, 24)), 'quotes too little');
  t.equal(reason(), 'malformed');
  t.ok(passes(firewall, 'inside', icmp({ src: client, dst: server, type: 8, identifier: 9 })));
  const echo = icmp({ src: client, dst: server, type: 8, identifier: 9 });
  t.ok(passes(firewall, 'outside', icmpError(router, client, echo, 11)), 'about a ping');
  t.equal(firewall.read('related'), '3');
});

t.test('ICMP errors about TCP must quote a number in flight (RFC 5927, 4.1)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.ok(tcp.send('inside', { payload: 'lost on the way' }));
  const lost = tcp.frame('inside', { seq: tcp.next.inside - 15 });
  t.ok(passes(firewall, 'outside', icmpError(server, client, lost)));
  const forged = tcp.frame('inside', { seq: tcp.next.inside + 5_000 });
  t.notOk(passes(firewall, 'outside', icmpError(server, client, forged)));
  t.equal(reason(), 'out of window');
  t.equal(tcp.state(), 'established');
});

t.test('fragments follow the first one of their datagram', async (t) => {
  using firewall = createFirewall('allow udp dst port 53');
  const reason = dropReasons(firewall);
  const later = (id: number, offset = 2) =>
    ipv4({ src: client, dst: server, protocol: 17, id, fragment: offset }, new Uint8Array(64));
  t.notOk(passes(firewall, 'inside', later(7)));
  t.equal(reason(), 'lone fragment');
  t.ok(passes(firewall, 'inside', question({ id: 7, fragment: moreFragments })));
  t.ok(passes(firewall, 'inside', later(7)));
  t.ok(passes(firewall, 'inside', later(7, 10)));
  t.notOk(passes(firewall, 'inside', later(8)), 'another datagram');
  t.equal(reason(), 'lone fragment');
  t.notOk(passes(firewall, 'outside', later(7)), 'from the other side');
  t.equal(reason(), 'lone fragment');
  t.notOk(passes(firewall, 'inside', question({ id: 9, dport: 99, fragment: moreFragments })));
  t.equal(reason(), 'no rule');
  t.notOk(passes(firewall, 'inside', later(9)), 'the first one was denied');
  firewall.advance(31_000);
  t.notOk(passes(firewall, 'inside', later(7)), 'too late');
});

t.test('a fragment that could overwrite a TCP header is dropped (RFC 1858, RFC 3128)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tiny = ipv4({ src: client, dst: server, protocol: 6, fragment: moreFragments }, new Uint8Array(8));
  t.notOk(passes(firewall, 'inside', tiny));
  t.equal(reason(), 'malformed');
  t.notOk(passes(firewall, 'inside', ipv4({ protocol: 6, fragment: 1 }, new Uint8Array(40))));
  t.equal(reason(), 'malformed');
});

t.test('other protocols are connections between two addresses', async (t) => {
  using firewall = createFirewall('allow ip proto 47');
  t.ok(passes(firewall, 'inside', ipv4({ src: client, dst: server, protocol: 47 }, new Uint8Array(20))));
  t.ok(passes(firewall, 'outside', ipv4({ src: server, dst: client, protocol: 47 }, new Uint8Array(20))));
  t.notOk(passes(firewall, 'outside', ipv4({ src: server, dst: client, protocol: 50 }, new Uint8Array(20))));
});

t.test('what is not IPv4 is dropped, or passes with PASS_OTHER', async (t) => {
  const ipv6 = ethernet({ type: 0x86dd }, Uint8Array.of(0x60, ...new Array(39).fill(0)));
  using strict = createFirewall('allow all');
  const reason = dropReasons(strict);
  t.notOk(passes(strict, 'inside', ipv6));
  t.equal(reason(), 'not IPv4');
  strict.push(0, [question()]);
  t.equal(strict.output(0).length, 0, 'the network header is not marked');
  t.equal(reason(), 'not IPv4');
  using lenient = createFirewall('allow all', 'PASS_OTHER true');
  t.ok(passes(lenient, 'outside', ipv6));
});

t.test('truncated and random packets are dropped without harm', async (t) => {
  using firewall = createFirewall('allow all', 'LOOSE true');
  const free = firewall.freePackets();
  const wholes = [
    question(),
    ipv4Tcp({ tcpOptions: Uint8Array.of(3, 3, 7, 0) }),
    icmpError(server, client, question()),
    icmp(),
  ];
  for (const whole of wholes) {
    for (let length = 14; length < whole.length; ++length) {
      t.notOk(passes(firewall, 'inside', whole.subarray(0, length)), `the first ${length} bytes`);
    }
  }
  const seed = (Math.random() * 2 ** 32) >>> 0;
  t.comment(`seed ${seed}`);
  let state = seed || 1;
  const random = (below: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  for (let round = 0; round < 200; ++round) {
    const batch = Array.from({ length: 64 }, () => {
      const frame = Uint8Array.from(wholes[random(wholes.length)] ?? question());
      for (let i = random(6); i >= 0; --i) frame[14 + random(frame.length - 14)] = random(256);
      return marked(frame.subarray(0, 14 + random(frame.length - 13)));
    });
    firewall.push(random(2), batch);
    firewall.output(0);
    firewall.output(1);
  }
  t.equal(firewall.freePackets(), free, 'no packet is lost');
  t.ok(Number(firewall.read('denied')) > 0);
});

t.test('a rule that is wrong is refused with its text', async (t) => {
  t.throws(() => createFirewall('allow tcp', 'permit udp'), {
    code: 'HC_CONFIGURE_FAILED',
    message: /begins with 'allow'/,
  });
  t.throws(() => createFirewall('allow tcp dst prot 80'), { code: 'HC_CONFIGURE_FAILED' });
});
