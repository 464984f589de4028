import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { elementDirectory, elementFlags, sdkDirectory } from '../../engine/datapath/paths.ts';
import { Engine } from '../../engine/engine.ts';
import { elementSource, untilGrown } from './traffic.ts';

// Each case compiles, and tries the new code in a process of its own.
t.setTimeout(180_000);

const configuration = 'src :: RatedSource(RATE 20000) -> count :: Counter -> out :: Discard;';
const head = '#include <hotclick/element.hpp>\nusing namespace hotclick;\n';
const tail = (extra: string) => `
struct Counter : Element { void action(Batch&) { ${extra} } };
constexpr auto info = element<Counter>("Counter", "9.0.0").help("For a test.");
HOTCLICK_EXPORT(info)
`;

t.test('every kind of bad library is refused with its cause, and the running version goes on', async (t) => {
  const engine = await Engine.start({ configuration, threads: 2 });
  t.teardown(() => engine.stop());
  const directory = t.testdir({
    'syntax.cc': `${head}int x = ;${tail('')}`,
    'global.cc': `${head}static int packets_seen = 0;${tail('++packets_seen;')}`,
    'local.cc': `${head}${tail('static int calls = 0; ++calls;')}`,
    'thread.cc': `${head}static thread_local int calls = 0;${tail('++calls;')}`,
    'not-a-library.so': 'these are no bytes of a library',
    'empty.so': '',
    'text.txt': 'neither source nor library',
  });
  const truncated = join(directory, 'truncated.so');
  const library = await readFile(join(elementDirectory, 'Counter.so'));
  const cases: [string, string, RegExp][] = [
    ['syntax.cc', 'HC_BUILD_FAILED', /does not compile/],
    ['global.cc', 'HC_STATE_DECLARATION', /packets_seen/],
    ['local.cc', 'HC_STATE_DECLARATION', /calls/],
    ['thread.cc', 'HC_STATE_DECLARATION', /calls/],
    ['not-a-library.so', 'HC_LIBRARY', /ELF/],
    ['empty.so', 'HC_LIBRARY', /too short/],
    ['text.txt', 'HC_ARGUMENT', /neither/],
    ['missing.cc', 'HC_ARGUMENT', /no file/],
  ];
  for (const [file, code, message] of cases) {
    await t.rejects(engine.upgrade({ Counter: join(directory, file) }), { code, message }, file);
  }
  for (const size of [10, 64, 200, library.length >> 1, library.length - 1]) {
    writeFileSync(truncated, library);
    truncateSync(truncated, size);
    await t.rejects(engine.upgrade({ Counter: truncated }), { code: 'HC_LIBRARY' }, `cut to ${size} bytes`);
  }
  await t.rejects(engine.upgrade({ Counter: elementSource('other-abi') }), {
    code: 'HC_LIBRARY',
    message: /ABI/,
  });
  await t.rejects(engine.upgrade({ Counter: elementSource('Totals1') }), {
    code: 'HC_LIBRARY',
    message: /holds the class Totals/,
  });
  await t.rejects(engine.upgrade({ Nobody: elementSource('Totals1') }), { code: 'HC_NO_SUCH_CLASS' });
  t.equal(engine.revision, 1);
  t.match(await engine.history(), [{ revision: 1, current: true }]);
  await untilGrown(engine, 'out.count');
});

t.test(
  'a library built with a changed structure of the ABI is refused, though its ABI number is right',
  async (t) => {
    const engine = await Engine.start({ configuration });
    t.teardown(() => engine.stop());
    const directory = t.testdir({ 'Counter.cc': `${head}${tail('')}` });
    cpSync(sdkDirectory, join(directory, 'include'), { recursive: true });
    const abi = join(directory, 'include/hotclick/abi.h');
    const changed = readFileSync(abi, 'utf8').replace(
      'uint32_t noutputs, ninputs;',
      'uint64_t noutputs, ninputs;',
    );
    writeFileSync(abi, changed);
    const library = join(directory, 'Counter.so');
    execFileSync('g++', [
      ...elementFlags(),
      `-I${directory}/include`,
      join(directory, 'Counter.cc'),
      '-o',
      library,
    ]);
    await t.rejects(engine.upgrade({ Counter: library }), {
      code: 'HC_LIBRARY',
      message: /another layout of element ABI/,
    });
    await untilGrown(engine, 'out.count');
  },
);

t.test('a dry run tells of arguments that are not taken, and opens nothing', async (t) => {
  const engine = await Engine.start({ configuration });
  t.teardown(() => engine.stop());
  const dryRun = true;
  await t.rejects(engine.apply('src :: RatedSource(RATE lots) -> Discard;', { dryRun, file: 'new.click' }), {
    code: 'HC_CONFIGURE_FAILED',
    message: /new\.click:1:\d+: .*RATE/,
  });
  const directory = t.testdir({
    'fussy.cc': `${head}
struct Counter : Element {
  bool configure(Arguments& a) { return a.fail("it is not in the mood"); }
  void action(Batch&) {}
};
constexpr auto info = element<Counter>("Counter", "9.2.0").help("For a test.");
HOTCLICK_EXPORT(info)`,
  });
  await t.rejects(engine.upgrade({ Counter: join(directory, 'fussy.cc') }, { dryRun }), {
    code: 'HC_CONFIGURE_FAILED',
    message: /not in the mood/,
  });
  const dump = join(directory, 'dump.pcap');
  const report = await engine.apply(`${configuration} Idle -> ToDump(${dump});`, { dryRun });
  t.equal(report.dryRun, true);
  t.notOk(existsSync(dump));
  t.equal(engine.revision, 1);
});

t.test('a version with other ports than the graph uses is refused', async (t) => {
  const engine = await Engine.start({ configuration });
  t.teardown(() => engine.stop());
  const directory = t.testdir({
    'two-inputs.cc': `${head}
struct Counter : Element { void push(uint32_t, Batch& b) { output(0, b); } };
constexpr auto info = element<Counter>("Counter", "9.1.0").help("For a test.").ports("2/2").processing("h/h");
HOTCLICK_EXPORT(info)`,
  });
  await t.rejects(engine.upgrade({ Counter: join(directory, 'two-inputs.cc') }), {
    code: 'HC_CONFIG_INVALID',
  });
  await untilGrown(engine, 'out.count');
});
