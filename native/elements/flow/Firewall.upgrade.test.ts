import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { buildExample, Conversation, createFirewall } from './testing/firewall-bench.ts';

/** Enough idle rounds for the conversion of the remaining records to end. */
function settle(firewall: ElementHarness): void {
  firewall.run(1000);
}

t.test('an upgrade to the same version keeps connections and counts', async (t) => {
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  firewall.upgrade();
  t.equal(tcp.state(), 'established');
  t.ok(tcp.send('inside', { payload: 'after' }));
  t.ok(tcp.send('outside', { payload: 'the upgrade' }));
  t.notOk(tcp.probe('inside', { seq: tcp.next.inside + 200_000 }), 'windows are still known');
  t.equal(firewall.read('allowed'), '5');
});

t.test('new rules hold for new connections', async (t) => {
  using firewall = createFirewall('allow tcp');
  const old = new Conversation(firewall, 40001);
  t.ok(old.open());
  firewall.upgrade(undefined, ['deny all']);
  t.ok(old.send('inside', { payload: 'goes on' }));
  t.notOk(new Conversation(firewall, 40002).open());
});

t.test('version 2 takes the connections over, logs new ones, and gives all of them back', async (t) => {
  const version2 = await buildExample('v2', t.testdir());
  using firewall = createFirewall('allow tcp');
  const before = Array.from({ length: 500 }, (_, i) => new Conversation(firewall, 20_000 + i));
  for (const tcp of before) t.ok(tcp.open());

  firewall.upgrade(version2);
  for (const tcp of before.slice(0, 50)) t.ok(tcp.send('inside', { payload: 'touched at once' }));
  t.same(firewall.printed(), [], 'no connection is new');
  settle(firewall);
  t.match(firewall.read('table'), /:20000 > .* established packets 3\/1 .* since before the upgrade/);
  const during = new Conversation(firewall, 30_000);
  t.ok(during.open());
  t.match(firewall.printed().join('\n'), /new connection tcp 10\.1\.0\.2:30000 > 10\.2\.0\.2:80/);
  t.match(firewall.read('table'), /:30000 > .* since [1-9]\d+\.\d{3}/);
  firewall.write('log', 'false');
  t.ok(new Conversation(firewall, 30_001).open());
  t.same(firewall.printed(), []);
  for (const tcp of before) t.ok(tcp.send('outside', { payload: 'alive' }));

  firewall.upgrade();
  t.equal(firewall.read('connections'), '502');
  for (const tcp of [...before, during]) {
    t.ok(tcp.send('inside', { payload: 'still' }));
    t.ok(tcp.send('outside', { payload: 'alive' }));
  }
  settle(firewall);
  t.equal(firewall.read('connections'), '502');
  t.equal(during.state(), 'established');
  t.same(firewall.drops(), {});
});

t.test('the log is limited to LOG_RATE lines a second', async (t) => {
  const library = await buildExample('v2', t.testdir());
  using firewall = ElementHarness.create('Firewall', ['allow tcp', 'LOG_RATE 5'], {
    inputs: 2,
    outputs: 2,
    library,
  });
  for (let port = 1000; port < 1100; ++port) new Conversation(firewall, port).send('inside', { flags: 'S' });
  t.ok(firewall.printed().length <= 10, 'at most two seconds of the clock have passed');
  t.equal(firewall.read('connections'), '100');
});

t.test('the broken versions are refused, and the running one goes on', async (t) => {
  const cache = t.testdir();
  using firewall = createFirewall('allow tcp');
  const tcp = new Conversation(firewall);
  t.ok(tcp.open());
  await t.rejects(buildExample('broken/does-not-compile', cache), { code: 'HC_BUILD_FAILED' });
  const refusing = await buildExample('broken/configure-fails', cache);
  t.throws(() => firewall.upgrade(refusing), {
    code: 'HC_CONFIGURE_FAILED',
    message: /this version refuses every configuration/,
  });
  const forgetful = await buildExample('broken/undeclared-static', cache);
  t.throws(() => firewall.upgrade(forgetful), { message: /connections_seen/ });
  t.ok(tcp.send('inside', { payload: 'goes on' }));
  t.equal(firewall.read('connections'), '1');
});
