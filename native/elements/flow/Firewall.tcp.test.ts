import t from 'tap';
import { Conversation, client, createFirewall, dropReasons, server } from './testing/firewall-bench.ts';

const scaleBy7 = Uint8Array.of(3, 3, 7, 0);

t.test('a connection that the rules allow passes from handshake to end (RFC 9293, 3.6)', async (t) => {
  using firewall = createFirewall('allow tcp dst port 80');
  const tcp = new Conversation(firewall);
  t.ok(tcp.send('inside', { flags: 'S' }));
  t.equal(tcp.state(), 'syn-sent');
  t.ok(tcp.send('outside', { flags: 'SA' }));
  t.equal(tcp.state(), 'syn-received');
  t.ok(tcp.send('inside'));
  t.equal(tcp.state(), 'established');
  t.ok(tcp.send('inside', { flags: 'PA', payload: 'GET / HTTP/1.1' }));
  t.ok(tcp.send('outside', { payload: 'x'.repeat(1400) }));
  t.ok(tcp.send('inside'));
  t.ok(tcp.send('outside', { flags: 'FA' }));
  t.equal(tcp.state(), 'fin-wait');
  t.ok(tcp.send('inside'));
  t.equal(tcp.state(), 'close-wait');
  t.ok(tcp.send('inside', { flags: 'FA' }));
  t.equal(tcp.state(), 'last-ack');
  t.ok(tcp.send('outside'));
  t.equal(tcp.state(), 'time-wait');
  t.same(firewall.drops(), {});
  t.equal(firewall.read('allowed'), '10');
  t.equal(firewall.read('opened'), '1');
});

t.test('what no rule allows is denied', async (t) => {
  using firewall = createFirewall('deny tcp dst port 80', 'allow udp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.notOk(tcp.send('inside', { flags: 'S' }));
  t.equal(reason(), 'no rule');
  t.notOk(tcp.send('outside', { flags: 'S' }));
  t.equal(reason(), 'no rule');
  t.equal(firewall.read('connections'), '0');
  t.equal(firewall.read('denied'), '2');
});

t.test('connections from outside need a rule of their own', async (t) => {
  using firewall = createFirewall('in allow tcp dst port 22');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.notOk(tcp.send('inside', { flags: 'S' }));
  t.equal(reason(), 'no rule');
  t.equal(firewall.read('rules'), 'in allow tcp dst port 22\n');
});

t.test('only a SYN begins a connection, unless LOOSE says otherwise', async (t) => {
  using strict = createFirewall('allow tcp');
  const reason = dropReasons(strict);
  for (const flags of ['A', 'SA', 'FA', 'R', 'RA', 'PA']) {
    t.notOk(new Conversation(strict).send('inside', { flags }), flags);
    t.equal(reason(), 'no connection', flags);
  }
  using loose = createFirewall('allow tcp', 'LOOSE true');
  const tcp = new Conversation(loose);
  t.notOk(tcp.send('inside', { flags: 'R' }));
  t.notOk(tcp.send('inside', { flags: 'SA' }));
  t.ok(tcp.send('inside', { payload: 'in the middle' }));
  t.equal(tcp.state(), 'established');
  t.ok(tcp.send('outside'));
});

t.test('flags that nobody sends are dropped', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  for (const flags of ['', 'F', 'SF', 'SR', 'FR', 'SFRPAU', 'PU', 'FPU']) {
    t.notOk(new Conversation(firewall).send('inside', { flags }), flags);
    t.equal(reason(), 'invalid flags', flags);
  }
});

t.test('data beyond the window and acknowledgements of unsent data are dropped', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  const { inside, outside } = tcp.next;
  t.notOk(tcp.probe('inside', { seq: inside + 70_000, payload: 'far ahead' }));
  t.equal(reason(), 'out of window');
  t.notOk(tcp.probe('inside', { seq: inside - 70_000, payload: 'long ago' }));
  t.equal(reason(), 'out of window');
  t.notOk(tcp.probe('outside', { ack: inside + 1 }), 'acknowledges what was not sent');
  t.equal(reason(), 'out of window');
  t.notOk(tcp.probe('inside', { ack: outside - 100_000 }));
  t.equal(reason(), 'out of window');
  t.ok(tcp.probe('inside', { seq: inside - 1 }), 'a keep-alive probe');
  t.ok(tcp.send('inside', { payload: 'in order' }));
});

t.test('WINDOWS false lets segments outside the window pass', async (t) => {
  using firewall = createFirewall('allow tcp', 'WINDOWS false');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.ok(tcp.probe('inside', { seq: tcp.next.inside + 1_000_000, payload: 'far ahead' }));
});

t.test('window scaling counts when both ends offer it (RFC 7323, 2.2)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const both = new Conversation(firewall, 40001);
  t.ok(both.send('inside', { flags: 'S', tcpOptions: scaleBy7 }));
  t.ok(both.send('outside', { flags: 'SA', tcpOptions: scaleBy7, window: 1000 }));
  t.ok(both.send('inside', { window: 1000 }));
  t.ok(both.probe('outside', { seq: both.next.outside + 100_000, payload: 'within 128,000' }));
  const one = new Conversation(firewall, 40002);
  t.ok(one.send('inside', { flags: 'S', tcpOptions: scaleBy7, window: 1000 }));
  t.ok(one.send('outside', { flags: 'SA', window: 1000 }));
  t.ok(one.send('inside', { window: 1000 }));
  t.notOk(one.probe('outside', { seq: one.next.outside + 100_000, payload: 'beyond 1,000' }));
});

t.test('sequence numbers may pass zero (RFC 9293, 3.4)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  tcp.next = { inside: 0xffff_ff00, outside: 0xffff_fff0 };
  t.ok(tcp.open());
  for (let i = 0; i < 10; ++i) {
    t.ok(tcp.send('inside', { payload: 'x'.repeat(100) }));
    tcp.next.inside %= 2 ** 32;
    tcp.next.outside %= 2 ** 32;
    t.ok(tcp.send('outside', { payload: 'y'.repeat(10) }));
  }
});

t.test('an RST ends the connection only with the exact number (RFC 5961, 3)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.notOk(tcp.probe('outside', { flags: 'R', seq: tcp.next.outside + 100_000 }));
  t.equal(reason(), 'out of window');
  t.ok(tcp.probe('outside', { flags: 'R', seq: tcp.next.outside + 100 }), 'answered by a challenge ACK');
  t.equal(tcp.state(), 'established');
  t.match(firewall.read('table'), /expires 300s/, 'but no longer kept for days');
  t.ok(tcp.send('inside'));
  t.match(firewall.read('table'), /expires 432000s/);
  t.ok(tcp.send('outside', { flags: 'R' }));
  t.equal(tcp.state(), 'closed');
});

t.test('a refused connection is closed at once', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.ok(tcp.send('inside', { flags: 'S' }));
  t.notOk(
    tcp.probe('outside', { flags: 'RA', seq: 0, ack: 7 }),
    'acknowledges another SYN (RFC 9293, 3.10.7.3)',
  );
  t.equal(reason(), 'out of window');
  t.ok(tcp.probe('outside', { flags: 'RA', seq: 0 }));
  t.equal(tcp.state(), 'closed');
});

t.test('a SYN within a connection passes and changes nothing (RFC 5961, 4)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.ok(tcp.probe('inside', { flags: 'S', seq: 77 }));
  t.equal(tcp.state(), 'established');
  t.ok(tcp.send('outside', { payload: 'still there' }));
});

t.test('the ends of a closed connection may be used again (RFC 9293, 3.6.1)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  t.ok(tcp.send('inside', { flags: 'R' }));
  tcp.next = { inside: 2_000_000, outside: 9_000_000 };
  t.ok(tcp.open());
  t.equal(tcp.state(), 'established');
  t.equal(firewall.read('connections'), '1');
  t.equal(firewall.read('opened'), '2');
});

t.test('a half-open connection is cleared up by the ends (RFC 9293, figure 9)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.ok(tcp.send('inside', { flags: 'S' }));
  t.notOk(tcp.probe('inside', { flags: 'R', seq: 424_242 }), 'not before the other end has answered');
  t.equal(reason(), 'out of window');
  t.ok(tcp.probe('outside', { flags: 'A', seq: 300, ack: 424_242 }), 'an older connection says so');
  t.ok(tcp.probe('inside', { flags: 'R', seq: 424_242 }), 'and is reset with its own number');
  t.equal(tcp.state(), 'syn-sent');
});

t.test('both ends may open at once (RFC 9293, figure 8)', async (t) => {
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  t.ok(tcp.send('inside', { flags: 'S' }));
  t.ok(tcp.send('outside', { flags: 'S' }));
  t.equal(tcp.state(), 'syn-both');
  t.ok(tcp.probe('inside', { flags: 'SA', seq: tcp.next.inside - 1 }));
  t.ok(tcp.probe('outside', { flags: 'SA', seq: tcp.next.outside - 1 }));
  t.ok(tcp.send('inside', { payload: 'data' }));
  t.equal(tcp.state(), 'established');
});

t.test('a handshake out of order is refused', async (t) => {
  using firewall = createFirewall('allow tcp');
  const reason = dropReasons(firewall);
  const tcp = new Conversation(firewall);
  t.ok(tcp.send('inside', { flags: 'S' }));
  t.notOk(tcp.probe('inside', { payload: 'too early' }));
  t.equal(reason(), 'bad state');
  t.notOk(tcp.probe('inside', { flags: 'SA' }));
  t.equal(reason(), 'bad state');
  t.notOk(tcp.probe('outside', { flags: 'SA', ack: 99 }), 'answers another SYN');
  t.equal(reason(), 'out of window');
});

t.test('silent connections end after the time of their state', async (t) => {
  using firewall = createFirewall('allow tcp', 'SYN_SENT_TIMEOUT 2s', 'TCP_TIMEOUT 60s', 'CLOSED_TIMEOUT 1s');
  const reason = dropReasons(firewall);
  const waiting = new Conversation(firewall, 40001);
  t.ok(waiting.send('inside', { flags: 'S' }));
  firewall.advance(2100);
  t.notOk(waiting.send('outside', { flags: 'SA' }));
  t.equal(reason(), 'no connection');
  const open = new Conversation(firewall, 40002);
  t.ok(open.open());
  firewall.advance(59_000);
  t.ok(open.send('inside', { payload: 'alive' }));
  firewall.advance(59_000);
  t.ok(open.send('outside', { flags: 'R' }));
  firewall.advance(7_000);
  t.equal(firewall.read('connections'), '0');
  t.notOk(open.send('inside'));
});

t.test('flush ends all connections', async (t) => {
  using firewall = createFirewall('allow tcp');
  for (let port = 1000; port < 1100; ++port) t.ok(new Conversation(firewall, port).open());
  t.equal(firewall.read('connections'), '100');
  t.match(firewall.read('table'), `tcp ${client}:1000 > ${server}:80 established packets 2/1`);
  firewall.write('flush');
  t.equal(firewall.read('connections'), '0');
  t.equal(firewall.read('table'), '');
});

t.test('a full table refuses new connections and keeps the old ones', async (t) => {
  using firewall = createFirewall('allow tcp', 'CAPACITY 2');
  const reason = dropReasons(firewall);
  const first = new Conversation(firewall, 1001);
  t.ok(first.open());
  t.ok(new Conversation(firewall, 1002).open());
  t.notOk(new Conversation(firewall, 1003).send('inside', { flags: 'S' }));
  t.equal(reason(), 'table full');
  t.ok(first.send('outside', { payload: 'data' }));
});
