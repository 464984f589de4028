import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import type { ShadowOptions } from '../../engine/engine-types.ts';
import { untilGrown } from './traffic.ts';

t.setTimeout(180_000);

/** Ethernet, IPv4 and UDP from 1000 flows, TTL 50, through an element of class Counter. */
const configuration = `
  src :: FastUDPFlows(20000, -1, 60, 02:00:00:00:00:01, 10.0.0.1, 02:00:00:00:00:02, 10.0.0.2, 1000, 1000)
  -> MarkIPHeader(14) -> it :: Counter -> out :: Discard;
`;
const head = '#include <hotclick/element.hpp>\n#include <hotclick/ipv4.hpp>\nusing namespace hotclick;\n';
/** A Counter that looks at one packet; `route` is the body of its route(). */
const counter = (route: string, more = '') => `${head}
struct Counter : Element {
  enum : uint32_t { unwanted };
  uint64_t seen = 0;
  uintptr_t nowhere = 8;
  uint32_t route([[maybe_unused]] Packet& p) { ++seen; ${route} }
};
constexpr auto info = element<Counter>("Counter", "9.0.0").help("For a test.")
  .drop("not wanted", "for a test")${more};
HOTCLICK_EXPORT(info)
`;
const everyTenth = 'seen % 10 == 0';

async function start(t: Test, text = configuration, threads = 1): Promise<Engine> {
  const engine = await Engine.start({ configuration: text, threads });
  t.teardown(() => engine.stop());
  await untilGrown(engine, 'out.count');
  return engine;
}

/** Upgrades Counter to a source, with a shadow run. */
function upgrade(t: Test, engine: Engine, source: string, shadow: Partial<ShadowOptions> = {}) {
  const directory = t.testdir({ 'Counter.cc': source });
  return engine.upgrade(
    { Counter: join(directory, 'Counter.cc') },
    { shadow: { packets: 200, ...shadow }, verifyTimeout: 3000 },
  );
}

t.test('a version that does the same passes, and the report says with how many packets', async (t) => {
  const engine = await start(t);
  const { shadow, revision } = await upgrade(t, engine, counter('return 0;'));
  t.equal(revision, 2);
  t.match(shadow, {
    asked: 200,
    packets: 200,
    differences: 0,
    allowed: 0,
    elements: [{ element: 'it', className: 'Counter', versions: { to: '9.0.0' }, packets: 200 }],
    first: [],
  });
  await untilGrown(engine, 'out.count');
});

/** What a version does, how its difference is called, and the rules that allow it. */
const differences: [name: string, route: string, text: RegExp, rules: string[]][] = [
  [
    'a drop',
    `return ${everyTenth} ? drop(unwanted) : 0;`,
    /output 0, now dropped: not wanted/,
    ['port 7 -> 8', 'drop:not-wanted'],
  ],
  [
    'a header field',
    `if (${everyTenth}) decrement_ttl(*const_cast<Ipv4Header*>(ipv4_header(p))); return 0;`,
    /ip\.ttl: \d+ -> \d+\n/,
    ['field ip.ttl'],
  ],
  [
    'an annotation and a byte of the payload',
    `if (${everyTenth}) { p.paint = 7; p.data[p.length - 1] ^= 1; } return 0;`,
    /annotation paint: 0 -> 7, udp\.checksum: right -> wrong \(\w+\), payload: /,
    ['Counter: annotation paint', 'it: field *'],
  ],
];

t.test('a packet that comes to another end stops the upgrade; a rule allows it', async (t) => {
  const engine = await start(t);
  for (const [name, route, text, expect] of differences) {
    const source = counter(route);
    await t.rejects(upgrade(t, engine, source), { code: 'HC_SHADOW_FAILED', message: text }, name);
    await untilGrown(engine, 'out.count');
    const { shadow } = await upgrade(t, engine, source, { expect });
    t.match(shadow, { packets: 200, differences: 0, allowed: 20 }, `${name} is expected`);
    await engine.rollback();
  }
});

t.test('a budget allows so many packets, whatever became of them', async (t) => {
  const engine = await start(t);
  const source = counter(`return ${everyTenth} ? drop(unwanted) : 0;`);
  await t.rejects(upgrade(t, engine, source, { budget: 19 }), {
    code: 'HC_SHADOW_FAILED',
    message: /20 of 200 live packets came to another end in Counter 9.0.0 \(budget 19\)/,
  });
  t.match((await upgrade(t, engine, source, { budget: 20 })).shadow, {
    differences: 20,
    first: [{ element: 'it' }],
  });
});

t.test('a refusal shows the packet as it came in and as it left both versions', async (t) => {
  const engine = await start(t);
  const refusal = await upgrade(t, engine, counter('p.data[0] ^= 2; return 0;')).catch(
    (error: Error) => error,
  );
  t.match(refusal, {
    message:
      /packet 1 of it, shard 0: ether\.dst: 02:00:00:00:00:02 -> 00:00:00:00:00:02\n {4}came in by input 0: 02000000 0002[0-9a-f ]+\n {4}before: output 0: 02000000 [0-9a-f ]+\n {4}now: output 0: 00000000 /,
    details: { shadow: { packets: 200, differences: 200, first: [{ element: 'it', packet: 1, input: 0 }] } },
  });
});

t.test('a crash or an endless loop on a live packet is found, with the packet', async (t) => {
  const engine = await start(t);
  const crash = counter('if (seen == 100) *reinterpret_cast<volatile int*>(nowhere) = 1; return 0;');
  await t.rejects(upgrade(t, engine, crash), {
    code: 'HC_SHADOW_FAILED',
    message:
      /the new version of Counter did not survive the shadow run at packet \d+ of it, shard 0: it was ended by SIGSEGV\n {2}0200/,
  });
  const loop = counter('while (seen >= 100) asm volatile(""); return 0;');
  await t.rejects(upgrade(t, engine, loop), {
    code: 'HC_SHADOW_FAILED',
    message: /did not survive the shadow run at packet \d+ of it, shard 0: it did not end within 3 s/,
  });
  await untilGrown(engine, 'out.count');
  t.equal(engine.revision, 1);
});

t.test(
  'when fewer packets come than were asked for, those are compared, and the report says so',
  async (t) => {
    const engine = await start(t, 'src :: RatedSource(RATE 100) -> it :: Counter -> out :: Discard;');
    const { shadow } = await upgrade(t, engine, counter('return 0;'), { packets: 100_000, timeout: 300 });
    t.equal(shadow?.asked, 100_000);
    t.ok(shadow && shadow.packets > 0 && shadow.packets < 1000, `${shadow?.packets} packets came`);
  },
);

t.test('a rule that is none is refused before anything is done', async (t) => {
  const engine = await start(t);
  await t.rejects(upgrade(t, engine, counter('return 0;'), { expect: ['some differences'] }), {
    code: 'HC_ARGUMENT',
    message: /'some differences' is no expect rule/,
  });
});
