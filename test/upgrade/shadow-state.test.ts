import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { elementSources, packageRoot } from '../../engine/datapath/paths.ts';
import { Engine } from '../../engine/engine.ts';
import { until } from './traffic.ts';

t.setTimeout(180_000);

/** 1000 UDP flows, each with a packet every 50 ms. */
const flows = (name: string) =>
  `${name} :: FastUDPFlows(20000, -1, 60, 02:00:00:00:00:01, 10.0.0.1, 02:00:00:00:00:02, 10.0.0.2, 1000, 1000) -> MarkIPHeader(14)`;

async function start(t: Test, configuration: string, threads: number): Promise<Engine> {
  const engine = await Engine.start({ configuration, threads });
  t.teardown(() => engine.stop());
  await until(engine, 'out.count', 3000);
  return engine;
}

/** The source of a built-in class as another version of it. */
function nextVersion(path: string): string {
  const file = join(elementSources, `${path}.cc`);
  const source = readFileSync(file, 'utf8').replace(/#include "/g, `#include "${dirname(file)}/`);
  return source.replace(/("\w+", )"\d+\.\d+\.\d+"/, '$1"9.9.9"');
}

t.test('connections of the running version are known to the new one, in every shard', async (t) => {
  const engine = await start(
    t,
    `fw :: Firewall(allow udp); ${flows('src')} -> [0]fw; Idle -> [1]fw; fw[0] -> out :: Discard; fw[1] -> Discard;`,
    2,
  );
  const file = join(packageRoot, 'examples', 'firewall', 'v2', 'Firewall.cc');
  const { shadow, revision } = await engine.upgrade({ Firewall: file }, { shadow: { packets: 2000 } });
  t.equal(revision, 2);
  t.match(shadow, { differences: 0, missed: 0, elements: [{ element: 'fw', versions: { to: '2.0.0' } }] });
  t.ok(
    shadow && shadow.packets >= 2000 && shadow.packets < 3000,
    `${shadow?.packets} packets, both shards together`,
  );
});

t.test('mappings, their ports and random numbers are those of the running version', async (t) => {
  const engine = await start(
    t,
    `${flows('src')} -> nat :: IPRewriter(pattern 192.0.2.1 1024-65535? - - 0 0) -> out :: Discard;`,
    2,
  );
  const directory = t.testdir({ 'IPRewriter.cc': nextVersion('flow/IPRewriter') });
  const { shadow } = await engine.upgrade(
    { IPRewriter: join(directory, 'IPRewriter.cc') },
    { shadow: { packets: 2000 } },
  );
  t.match(shadow, { differences: 0, elements: [{ element: 'nat', versions: { to: '9.9.9' } }] });
});

t.test('several classes at once, pushed and pulled, are each compared', async (t) => {
  const engine = await start(
    t,
    `${flows('src')} -> dec :: DecIPTTL -> pushed :: Counter -> q :: Queue -> pulled :: Counter -> Unqueue -> out :: Discard;`,
    1,
  );
  const sources = ['ip/DecIPTTL', 'basic/Counter', 'queue/Queue', 'queue/Unqueue'];
  const directory = t.testdir(
    Object.fromEntries(sources.map((path) => [`${path.split('/')[1]}.cc`, nextVersion(path)])),
  );
  const changes = sources.map((path) => path.split('/')[1]!);
  const { shadow } = await engine.upgrade(
    Object.fromEntries(changes.map((name) => [name, join(directory, `${name}.cc`)])),
    { shadow: { packets: 300 } },
  );
  t.equal(shadow?.differences, 0);
  t.same(shadow?.elements.map(({ className }) => className).sort(), [
    'Counter',
    'Counter',
    'DecIPTTL',
    'Queue',
    'Unqueue',
  ]);
  for (const { element, packets } of shadow?.elements ?? []) t.ok(packets >= 300, `${element}: ${packets}`);
});

t.test('a host that has other things to do reads later what the shadow run says', async (t) => {
  const engine = await start(t, `${flows('src')} -> it :: Counter -> out :: Discard;`, 1);
  const directory = t.testdir({ 'Counter.cc': nextVersion('basic/Counter') });
  const busy = setInterval(() => {
    const end = performance.now() + 200;
    while (performance.now() < end);
  }, 1);
  t.teardown(() => clearInterval(busy));
  const { shadow } = await engine.upgrade(
    { Counter: join(directory, 'Counter.cc') },
    { shadow: { packets: 3000 } },
  );
  t.match(shadow, { differences: 0, missed: 0 });
  t.ok(shadow && shadow.packets >= 3000, `${shadow?.packets} packets`);
});

const gate = (version: string, type: string, schema: string) => `
#include <hotclick/element.hpp>
using namespace hotclick;
struct Lock { ${type} open = 1; };
${schema}
struct Counter : Element {
  enum : uint32_t { closed };
  State<Lock> lock;
  uint32_t route(Packet&) { return lock->open ? 0 : drop(closed); }
};
constexpr auto info = element<Counter>("Counter", "${version}").help("For a test.")
  .state<&Counter::lock>("lock", lock_schema, "open").drop("closed", "the gate is closed");
HOTCLICK_EXPORT(info)
`;

t.test('a conversion that loses what the state said is found, though the new code is right', async (t) => {
  const engine = await start(t, `${flows('src')} -> it :: Counter -> out :: Discard;`, 1);
  const first = 'constexpr auto lock_schema = schema<Lock>(1, HC_FIELD(Lock, open));';
  const wrong = `
static void up(const hc_record_view&, Lock& lock) { lock.open = 0; }
constexpr auto lock_schema = schema<Lock>(2, HC_FIELD(Lock, open)).up_from<&up>(1);`;
  const directory = t.testdir({
    'first.cc': gate('2.0.0', 'uint32_t', first),
    'wrong.cc': gate('3.0.0', 'uint64_t', wrong),
  });
  await engine.upgrade({ Counter: join(directory, 'first.cc') });
  await t.rejects(engine.upgrade({ Counter: join(directory, 'wrong.cc') }, { shadow: { packets: 100 } }), {
    code: 'HC_SHADOW_FAILED',
    message: /100 of 100 live packets .*\n.*output 0, now dropped: closed/,
  });
});

t.test('other arguments are compared as another version is, and a rollback too', async (t) => {
  const configuration = (args: string) => `${flows('src')} -> it :: DecIPTTL${args} -> out :: Discard;`;
  const engine = await start(t, configuration(''), 1);
  const shadow = { packets: 200 };
  await t.rejects(engine.apply(configuration('(ACTIVE false)'), { shadow }), {
    code: 'HC_SHADOW_FAILED',
    message: /ip\.ttl: 63 -> 64|ip\.ttl: \d+ -> \d+/,
  });
  const report = await engine.apply(configuration('(ACTIVE false)'), {
    shadow: { ...shadow, expect: ['DecIPTTL: field ip.ttl'] },
  });
  t.match(report.shadow, { allowed: 200, differences: 0 });
  await t.rejects(engine.rollback({ shadow }), { code: 'HC_SHADOW_FAILED' });
  t.equal((await engine.rollback()).revision, 3);
});
