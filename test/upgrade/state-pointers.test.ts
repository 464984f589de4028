import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine } from '../../engine/engine.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { until, untilGrown } from './traffic.ts';

t.setTimeout(120_000);

const configuration = 'src :: RatedSource(RATE 20000) -> meter :: Meter -> out :: Discard;';

/** A Meter whose state is `state`; `work` is done for every batch. */
const meter = (version: string, state: string, work: string) => `
#include <hotclick/element.hpp>
using namespace hotclick;
static void handle() {}
[[maybe_unused]] static uint64_t code() { return reinterpret_cast<uint64_t>(&handle); }
${state}
struct Meter : Element {
  State<Total> total;
  Table<Key, Seen> seen{1024};
  void action(Batch& batch) { total->packets += batch.count; ${work} }
  uint64_t packets() const { return total->packets; }
};
constexpr auto info = element<Meter>("Meter", "${version}").help("For a test.")
  .state<&Meter::total>("total", total_schema, "packets")
  .table<&Meter::seen>("seen", key_schema, seen_schema, "by key")
  .read<&Meter::packets>("packets", merge::sum, "packets");
HOTCLICK_EXPORT(info)
`;
const total = (members = '', fields = '', version = 1) => `
struct Total { uint64_t packets = 0; ${members} };
constexpr auto total_schema = schema<Total>(${version}, HC_FIELD(Total, packets)${fields});`;
const table = (members = '', fields = '') => `
struct Key { uint32_t number; };
constexpr auto key_schema = schema<Key>(1, HC_FIELD(Key, number));
struct Seen { uint64_t packets = 0; ${members} };
constexpr auto seen_schema = schema<Seen>(1, HC_FIELD(Seen, packets)${fields});`;

const clean = total() + table();
const insert = 'if (seen.size() == 0) { auto slot = seen.insert({7}); seen.value(slot).spare = code(); }';

/** Cases in which the running version keeps an address: its state, what it does, and the place that must be named. */
const cases: Record<string, { state: string; work: string; place: RegExp }> = {
  'a field of an instance': {
    state: total('uint64_t next = 0;', ', HC_FIELD(Total, next)') + table(),
    work: 'total->next = code();',
    place: /element 'meter', state 'total': field 'next' holds an address in the library of Meter 1.0.0/,
  },
  'where no field is declared': {
    state: total('uint64_t hidden = 0;') + table(),
    work: 'total->hidden = code();',
    place: /state 'total': offset 8, which no field declares, holds an address in the library of Meter/,
  },
  'a record of a table': {
    state: total() + table('uint64_t spare = 0;', ', HC_FIELD(Seen, spare)'),
    work: insert,
    place: /state 'seen': field 'spare' holds an address in the library of Meter/,
  },
  'opaque bytes of a record': {
    state:
      total() +
      table(
        'struct Blob { uint64_t spare; uint8_t rest[8]; uint64_t operator=(uint64_t v) { return spare = v; } } spare = {};',
        ', HC_FIELD(Seen, spare)',
      ),
    work: insert,
    place: /state 'seen': field 'spare' holds an address/,
  },
  "the element's own object": {
    state: total('uint64_t self = 0;', ', HC_FIELD(Total, self)') + table(),
    work: 'total->self = reinterpret_cast<uint64_t>(this);',
    place: /field 'self' holds an address in the object of element meter/,
  },
};

async function start(t: Test, source: string): Promise<Engine> {
  const directory = t.testdir({ 'first.cc': source, libraries: {} });
  const libraries = join(directory, 'libraries');
  copyFileSync(await buildElement(join(directory, 'first.cc')), join(libraries, 'Meter.so'));
  const engine = await Engine.start({ configuration, threads: 2, libraryPath: [libraries] });
  t.teardown(() => engine.stop());
  await until(engine, 'meter.packets', 1000);
  return engine;
}

t.test('an address in live state refuses every upgrade that would carry it over', async (t) => {
  for (const [name, { state, work, place }] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const engine = await start(t, meter('1.0.0', state, work));
      const source = t.testdir({ 'next.cc': meter('1.1.0', state, '') });
      await t.rejects(engine.upgrade({ Meter: join(source, 'next.cc') }), {
        code: 'HC_STATE_POINTER',
        message: place,
      });
      await untilGrown(engine, 'out.count');
      await engine.stop();
    });
  }
});

t.test('a version that leaves the address behind is the way out', async (t) => {
  const state = total('uint64_t next = 0;', ', HC_FIELD(Total, next)') + table();
  const engine = await start(t, meter('1.0.0', state, 'total->next = code();'));
  const source = t.testdir({ 'next.cc': meter('2.0.0', total('', '', 2) + table(), '') });
  const report = await engine.upgrade({ Meter: join(source, 'next.cc') });
  t.equal(report.revision, 2);
  await untilGrown(engine, 'meter.packets');
});

t.test(
  'a version that would begin with an address, or declares one, is refused before it runs',
  async (t) => {
    const engine = await start(t, meter('1.0.0', clean, ''));
    const source = t.testdir({
      'declared.cc': meter(
        '2.0.0',
        total('void (*next)() = nullptr;', ', HC_FIELD(Total, next)', 2) + table(),
        '',
      ),
      'default.cc': meter(
        '2.0.0',
        total('uint64_t next = code();', ', HC_FIELD(Total, next)', 2) + table(),
        '',
      ),
      'record.cc': meter(
        '2.0.0',
        total() +
          table('uint64_t spare = code();', ', HC_FIELD(Seen, spare)').replace('<Seen>(1', '<Seen>(2'),
        '',
      ),
      vectors: {
        'Meter.cc': meter(
          '2.0.0',
          total('uint64_t next = 0;', ', HC_FIELD(Total, next)', 2) + table(),
          'total->next = code();',
        ),
        'Meter.vectors.json': JSON.stringify({
          vectors: [{ name: 'one packet', steps: [{ push: 0, packets: ['00'] }] }],
        }),
      },
    });
    const refusals: [string, RegExp][] = [
      ['declared.cc', /field 'next' of state 'total' holds an address/],
      [
        'default.cc',
        /element 'meter' as it begins, state 'total': field 'next' holds an address in the library of Meter 2/,
      ],
      ['record.cc', /element 'meter' as it begins, state 'seen': field 'spare'/],
      ['vectors/Meter.cc', /Meter 2.0.0, vector 'one packet', state 'total': field 'next' holds an address/],
    ];
    for (const [file, message] of refusals) {
      await t.rejects(
        engine.upgrade({ Meter: join(source, file) }),
        { code: 'HC_STATE_POINTER', message },
        file,
      );
    }
    t.equal(engine.revision, 1);
  },
);

t.test('bytes that no field declares are named when the version comes', async (t) => {
  const engine = await start(t, meter('1.0.0', clean, ''));
  const source = t.testdir({
    'next.cc': meter('2.0.0', total('uint64_t spare[2] = {};', '', 2) + table(), ''),
  });
  const { verify } = await engine.upgrade({ Meter: join(source, 'next.cc') }, { dryRun: true });
  t.match(verify?.warnings, [
    /down_to/,
    /Meter, state 'total': 16 bytes from offset 8 on belong to no field/,
  ]);
});
