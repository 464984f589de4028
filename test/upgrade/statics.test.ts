/** Static variables that no library declares, carried over by symbols and by the layout that the build has written. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import type { EngineOptions, StaticsMode } from '../../engine/engine-types.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { buildWithC, exampleSource, statics, staticsSource } from './statics-libraries.ts';
import { until } from './traffic.ts';

t.setTimeout(180_000);

const ways = ['symbols', 'compiled'] as const;

/** An engine in which CLASS is the library made of `source`. */
async function start(
  t: Test,
  className: string,
  source: string,
  way: StaticsMode,
  options: Partial<EngineOptions> & { configuration: string },
  directory = t.testdir({}),
): Promise<Engine> {
  copyFileSync(await buildElement(source, { statics: way }), join(directory, `${className}.so`));
  const engine = await Engine.start({ threads: 2, ...options, libraryPath: [directory], statics: way });
  t.teardown(() => engine.stop());
  return engine;
}

const limit = 400_000;
/** Each of two shards sends its half. */
const limited = `src :: InfiniteSource(LIMIT ${limit}, LENGTH 60, STOP false) -> m :: PlainMeter -> out :: Discard;`;
const endless = 'src :: RatedSource(RATE 20000) -> m :: Counter -> out :: Discard;';

const number = async (engine: Engine, path: string) => Number(await engine.read(path));

for (const way of ways) {
  for (const strategy of ['swap', 'thread'] as const) {
    t.test(`${way}, ${strategy}: under traffic no packet is counted twice or not at all`, async (t) => {
      const engine = await start(t, 'PlainMeter', exampleSource('v1'), way, { configuration: limited });
      await engine.write('m.double_limit');
      await until(engine, 'm.packets', limit / 10);
      const report = await engine.upgrade({ PlainMeter: exampleSource('v2') }, { strategy });
      t.match(statics(report), {
        className: 'PlainMeter',
        mode: way,
        how: 'copied',
        variables: 4,
        bytes: 60,
        created: ['bytes', 'count_large(unsigned long)::seen'],
        lost: [],
      });
      t.ok(statics(report).readNs > 0 && statics(report).matchNs > 0);
      t.match(
        report.actions.find(({ element }) => element === 'm'),
        { states: [{ name: '.statics', how: 'copied', bytes: 60 }] },
      );
      await until(engine, 'out.count', limit);
      t.equal(await number(engine, 'm.packets'), limit, 'every packet was counted once');
      t.equal(await number(engine, 'm.small'), limit);
      t.equal(await number(engine, 'm.limit'), 2000, 'a variable with an initialiser keeps its value');
      t.equal(
        await number(engine, 'm.large'),
        0,
        'a variable of the same name in another function is another',
      );
      t.equal(await number(engine, 'm.last'), 60);
    });
  }

  t.test(`${way}: a rollback keeps what was counted since and lets go of what was added`, async (t) => {
    const engine = await start(t, 'PlainMeter', exampleSource('v1'), way, {
      configuration: limited.replace(`LIMIT ${limit}`, `LIMIT ${2 * limit}`),
    });
    await engine.upgrade({ PlainMeter: exampleSource('v2') });
    await until(engine, 'm.packets', limit / 5);
    t.match(statics(await engine.rollback({ dryRun: true })), {
      lost: ['bytes', 'count_large(unsigned long)::seen'],
    });
    t.match(statics(await engine.rollback()), {
      mode: way,
      how: 'copied',
      variables: 4,
      lost: ['bytes', 'count_large(unsigned long)::seen'],
    });
    await until(engine, 'out.count', 2 * limit);
    t.equal(await number(engine, 'm.packets'), 2 * limit);
  });

  t.test(`${way}: what cannot be carried over is refused by name, and the old version goes on`, async (t) => {
    const engine = await start(t, 'Counter', staticsSource('counted'), way, { configuration: endless });
    const cases: [string, string, RegExp][] = [
      [
        'floating',
        'HC_STATICS',
        /'count_packets.*::seen' \(8 bytes\): its type changed from uint64_t to double/,
      ],
      [
        'other-function',
        'HC_STATICS',
        /does not have it \(it has 'count_all\(unsigned long\)::seen', in another function\)/,
      ],
      ['write-only', 'HC_STATICS', /'count_packets.*::seen'.*does not have it, or never reads it/],
      ['initialised', 'HC_STATICS', /moved from \.bss to \.data: its initialiser changed from or to zero/],
      ['lambda', 'HC_STATICS', /lambda.*have numbers instead of names/],
      [
        'code-pointer',
        'HC_STATICS',
        /'steps' \(8 bytes\): its type Step\* holds or leads to addresses of code/,
      ],
      ['word', 'HC_STATICS', /'word' \(8 bytes\): it holds an address in the library/],
      ['thread', 'HC_STATICS', /'count_packets.*::seen' \(8 bytes\): it is thread-local/],
      ['none', 'HC_STATICS', /'count_packets.*::seen'.*does not have it/],
    ];
    for (const [name, code, message] of cases) {
      await t.rejects(engine.upgrade({ Counter: staticsSource(name) }), { code, message }, name);
    }
    t.equal(engine.revision, 1);
    const before = await number(engine, 'm.count');
    await until(engine, 'm.count', before + 1);
  });

  t.test(`${way}: an address that a variable was given while it ran is refused too`, async (t) => {
    const engine = await start(t, 'Counter', staticsSource('late-word'), way, { configuration: endless });
    await until(engine, 'm.count', 1);
    await t.rejects(engine.upgrade({ Counter: staticsSource('other-word') }), {
      code: 'HC_STATICS',
      message: /'word' holds an address in the old version/,
    });
  });

  t.test(`${way}: statics come back from the store`, async (t) => {
    const directory = t.testdir({ first: {}, second: {} });
    const begin = (version: 'v1' | 'v2', place: string, more = '') =>
      start(
        t,
        'PlainMeter',
        exampleSource(version),
        way,
        { configuration: limited.replace(`${limit}`, `50000${more}`), store: join(directory, 'store') },
        join(directory, place),
      );
    const first = await begin('v1', 'first');
    await until(first, 'out.count', 50_000);
    t.match(await first.stateGet('PlainMeter/.statics'), {
      rows: [{ value: { limit: 1000, 'count_all(unsigned long)::seen': 25_000 } }, {}],
    });
    await first.stop();
    const second = await begin('v2', 'second', ', ACTIVE false');
    t.equal(await number(second, 'm.packets'), 50_000, 'a version with more variables takes what it knows');
    t.equal(await number(second, 'm.bytes'), 0);
  });
}

t.test('compiled: an equal layout is mapped and nothing is copied', async (t) => {
  const engine = await start(t, 'Counter', staticsSource('counted'), 'compiled', { configuration: endless });
  const before = await until(engine, 'm.count', 100);
  const report = await engine.upgrade({ Counter: staticsSource('same-layout') });
  t.match(statics(report), { how: 'mapped', variables: 1, bytes: 8, created: [] });
  t.match(readFileSync('/proc/self/maps', 'utf8'), /memfd:hotclick-statics-Counter/);
  t.ok((await number(engine, 'm.count')) >= before);
  await until(engine, 'm.count', before + 1000);
});

t.test('numbered symbols of C are told apart by their functions, whatever their numbers', async (t) => {
  const directory = t.testdir({});
  const one = buildWithC(join(directory, 'one'), ['-g']);
  const two = buildWithC(join(directory, 'two'), ['-g', '-DWITH_ANOTHER']);
  const blind = buildWithC(join(directory, 'blind'), []);
  copyFileSync(one, join(directory, 'Counter.so'));
  const engine = await Engine.start({
    configuration: `src :: InfiniteSource(LIMIT ${limit}, STOP false) -> m :: Counter -> out :: Discard;`,
    libraryPath: [directory],
    statics: 'symbols',
  });
  t.teardown(() => engine.stop());
  await until(engine, 'm.count', 1000);
  await t.rejects(engine.upgrade({ Counter: blind }), {
    code: 'HC_STATICS',
    message: /'seen\.\d' \(8 bytes\): its symbol has a number, and nothing says which function it belongs to/,
  });
  t.match(statics(await engine.upgrade({ Counter: two })), { variables: 2, created: ['count_others::seen'] });
  await until(engine, 'out.count', limit);
  t.equal(await number(engine, 'm.count'), limit);
  t.equal(await number(engine, 'm.twice'), 2 * limit);
});

t.test('a library without debug information goes by symbols and sizes, and not by layout', async (t) => {
  const plain = await buildElement(staticsSource('same-layout'));
  const engine = await start(t, 'Counter', staticsSource('counted'), 'symbols', { configuration: endless });
  await t.rejects(engine.upgrade({ Counter: plain }, { statics: 'compiled' }), {
    code: 'HC_STATICS',
    message: /it has no layout of its statics from the build/,
  });
  t.match(statics(await engine.upgrade({ Counter: plain })), { how: 'copied', variables: 1 });
});

t.test('mapped lets go of them, and says so in the plan', async (t) => {
  const engine = await start(t, 'Counter', staticsSource('counted'), 'symbols', { configuration: endless });
  const options = { statics: 'mapped', dryRun: true } as const;
  t.match(statics(await engine.upgrade({ Counter: staticsSource('none') }, options)), {
    how: 'lost',
    lost: ['count_packets(unsigned long)::seen'],
  });
});

t.test('two ways can follow one another, and old libraries leave the process', async (t) => {
  const engine = await start(t, 'Counter', staticsSource('counted'), 'symbols', { configuration: endless });
  const loaded = () =>
    new Set(
      [...readFileSync('/proc/self/maps', 'utf8').matchAll(/(\d+)\s+\/memfd:hotclick-element/g)].map(
        (match) => match[1],
      ),
    ).size;
  const before = loaded();
  let counted = await until(engine, 'm.count', 100);
  for (const way of ['compiled', 'symbols', 'compiled', 'compiled'] as const) {
    for (const name of ['same-layout', 'counted']) {
      const report = await engine.upgrade({ Counter: staticsSource(name) }, { statics: way });
      t.equal(statics(report).variables, 1);
      const now = await number(engine, 'm.count');
      t.ok(now >= counted, `${way}, ${name}`);
      counted = now;
    }
  }
  t.equal(loaded(), before, 'as many element libraries are mapped as before eight upgrades');
});
