import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import { untilGrown } from './traffic.ts';

t.setTimeout(120_000);

const configuration = 'src :: RatedSource(RATE 20000) -> count :: Counter -> out :: Discard;';
const head = '#include <hotclick/element.hpp>\nusing namespace hotclick;\n';
const counter = (body: string, more = '') => `${head}
struct Counter : Element { uintptr_t nowhere = 8, zero = 0; ${body} };
constexpr auto info = element<Counter>("Counter", "9.0.0").help("For a test.")${more};
HOTCLICK_EXPORT(info)
`;
const passing = 'void action(Batch&) {}';

async function start(t: Test): Promise<Engine> {
  const engine = await Engine.start({ configuration, threads: 2 });
  t.teardown(() => engine.stop());
  return engine;
}

t.test('new code that crashes or hangs before its first packet does so in another process', async (t) => {
  const engine = await start(t);
  const directory = t.testdir({
    'constructor.cc': counter(
      `${passing} __attribute__((constructor)) static void early() { __builtin_trap(); }`,
    ),
    'configure.cc': counter(
      `${passing} bool configure(Arguments&) { *reinterpret_cast<volatile int*>(nowhere) = 1; return true; }`,
    ),
    'initialize.cc': counter(
      `${passing} bool initialize(Error&) { uintptr_t q = 7 / zero; asm volatile("" ::"r"(q)); return true; }`,
    ),
    'loop.cc': counter(`${passing} bool configure(Arguments&) { for (;;) asm volatile(""); }`),
    'refuses.cc': counter(`${passing} bool configure(Arguments& a) { return a.fail("it is Monday"); }`),
  });
  const cases: [string, string, RegExp][] = [
    ['constructor.cc', 'HC_VERIFY_FAILED', /loading .*constructor\.cc: it was ended by SIG(ILL|TRAP)/],
    ['configure.cc', 'HC_VERIFY_FAILED', /configuring the new graph: it was ended by SIGSEGV/],
    ['initialize.cc', 'HC_VERIFY_FAILED', /configuring the new graph: it was ended by SIGFPE/],
    ['loop.cc', 'HC_VERIFY_FAILED', /configuring the new graph: it did not end within 1.5 s/],
    ['refuses.cc', 'HC_CONFIGURE_FAILED', /it is Monday/],
  ];
  for (const [file, code, message] of cases) {
    const upgrade = (dryRun: boolean) =>
      engine.upgrade({ Counter: join(directory, file) }, { dryRun, verifyTimeout: 1500 });
    await t.rejects(upgrade(false), { code, message }, file);
    await t.rejects(upgrade(true), { code, message }, `${file}, in a dry run too`);
    await untilGrown(engine, 'out.count');
  }
  t.equal(engine.revision, 1);
});

const vector = (steps: object[], more: object = {}) =>
  JSON.stringify({ class: 'Counter', vectors: [{ name: 'counts', ...more, steps }] });

t.test('the vectors beside a new version run before it does', async (t) => {
  const engine = await start(t);
  const directory = t.testdir({
    good: {
      'Counter.cc': counter(
        'uint32_t n = 0; void action(Batch& b) { n += b.count; }',
        '.read<&Counter::n>("count", merge::sum, "packets")',
      ),
      'Counter.vectors.json': vector([
        { push: 0, packets: ['0011', ['22', '3344']] },
        { output: 0, packets: ['00 11', { data: '223344', paint: 0 }] },
        { read: 'count', is: '2' },
        { drops: {} },
      ]),
    },
    wrong: {
      'Counter.cc': counter('void action(Batch& b) { for (Packet& p : b) p.data[1] = 0x7f; }'),
      'Counter.vectors.json': vector([
        { push: 0, packets: ['0011'] },
        { output: 0, packets: ['0011'] },
      ]),
    },
    crashes: {
      'Counter.cc': counter('void action(Batch&) { *reinterpret_cast<volatile int*>(nowhere) = 1; }'),
      'Counter.vectors.json': vector([{ push: 0, packets: ['0011'] }]),
    },
    hangs: {
      'Counter.cc': counter('void action(Batch& b) { while (b.count) asm volatile(""); }'),
      'Counter.vectors.json': vector([{ push: 0, packets: ['0011'] }]),
    },
    malformed: {
      'Counter.cc': counter(passing),
      'Counter.vectors.json': vector([{ shove: 0, packets: ['0011'] }]),
    },
    none: { 'Counter.cc': counter(passing) },
  });
  const upgrade = (name: string) =>
    engine.upgrade({ Counter: join(directory, name, 'Counter.cc') }, { verifyTimeout: 1500 });
  const refusals: [string, string, RegExp][] = [
    [
      'wrong',
      'HC_VERIFY_FAILED',
      /Counter 9.0.0, vector 'counts': packet 0 of output 0: byte 1 is 7f instead of 11 \(.*vectors\[0\]\.steps\[1\]\)/,
    ],
    ['crashes', 'HC_VERIFY_FAILED', /vector 'counts': it was ended by SIG(SEGV|BUS)/],
    ['hangs', 'HC_VERIFY_FAILED', /vector 'counts': it did not end within/],
    ['malformed', 'HC_ARGUMENT', /steps\[0\] must be a step/],
  ];
  for (const [name, code, message] of refusals) {
    await t.rejects(upgrade(name), { code, message }, name);
    await untilGrown(engine, 'out.count');
  }
  t.equal(engine.revision, 1);
  t.match((await upgrade('none')).verify, { vectors: [{ className: 'Counter', passed: 0 }] });
  t.match((await upgrade('good')).verify, {
    vectors: [{ className: 'Counter', passed: 1, file: join(directory, 'good', 'Counter.vectors.json') }],
  });
  await untilGrown(engine, 'count.count');
});

t.test('several new versions are tried together, and one bad one keeps all out', async (t) => {
  const engine = await start(t);
  const directory = t.testdir({
    'Counter.cc': counter(passing),
    'Discard.cc': `${head}
struct Discard : Element {
  bool initialize(Error&) { __builtin_trap(); }
  void push(uint32_t, Batch& b) { b.count = 0; }
};
constexpr auto info = element<Discard>("Discard", "9.0.0").help("For a test.").ports("1/0").processing("h/");
HOTCLICK_EXPORT(info)`,
  });
  const files = { Counter: join(directory, 'Counter.cc'), Discard: join(directory, 'Discard.cc') };
  await t.rejects(engine.upgrade(files), { code: 'HC_VERIFY_FAILED' });
  t.equal(await engine.read('count.class'), 'Counter');
  t.equal(engine.revision, 1);
});
