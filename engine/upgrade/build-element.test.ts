import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { buildElement } from './build-element.ts';

const source = (version: string) => `
#include <hotclick/element.hpp>
using namespace hotclick;
struct Nothing : Element { void action(Batch&) {} };
constexpr auto info = element<Nothing>("Nothing", "${version}").help("For a test.");
HOTCLICK_EXPORT(info)
`;

t.test('a source is compiled once for each content, comments aside', async (t) => {
  const directory = t.testdir({ 'a.cc': source('1.0.0'), cache: {} });
  const file = join(directory, 'a.cc');
  const cacheDirectory = join(directory, 'cache');
  const first = await buildElement(file, { cacheDirectory });
  const { mtimeMs } = statSync(first);
  writeFileSync(file, `// a comment\n${source('1.0.0')}`);
  t.equal(await buildElement(file, { cacheDirectory }), first);
  t.equal(statSync(first).mtimeMs, mtimeMs);
  writeFileSync(file, source('1.0.1'));
  const second = await buildElement(file, { cacheDirectory });
  t.not(second, first);
  t.equal(readFileSync(second).subarray(1, 4).toString(), 'ELF');
  t.equal(readdirSync(cacheDirectory).length, 2, 'nothing unfinished is left');
});

t.test('a compiler error is given with its first line, and leaves nothing in the cache', async (t) => {
  const directory = t.testdir({ 'b.cc': `${source('1.0.0')}\nint x = ;`, cache: {} });
  const cacheDirectory = join(directory, 'cache');
  await t.rejects(buildElement(join(directory, 'b.cc'), { cacheDirectory }), {
    code: 'HC_BUILD_FAILED',
    message: /b\.cc does not compile: .*b\.cc:\d+:\d+: error/,
    details: { output: /error/ },
  });
  t.same(readdirSync(cacheDirectory), []);
});

t.test(
  'a source or header that is not there is an error of the build, a missing file one of the argument',
  async (t) => {
    const directory = t.testdir({ 'c.cc': '#include "nowhere.hpp"\n' });
    await t.rejects(buildElement(join(directory, 'c.cc')), {
      code: 'HC_BUILD_FAILED',
      message: /nowhere\.hpp/,
    });
    rmSync(join(directory, 'c.cc'));
    await t.rejects(buildElement(join(directory, 'c.cc')), { code: 'HC_ARGUMENT', message: /no file/ });
  },
);

t.test('the signal ends the compiler', async (t) => {
  const directory = t.testdir({ 'd.cc': source('4.0.0'), cache: {} });
  const reason = new Error('not any more');
  const signal = AbortSignal.abort(reason);
  const cacheDirectory = join(directory, 'cache');
  await t.rejects(buildElement(join(directory, 'd.cc'), { signal, cacheDirectory }), reason);
  t.same(readdirSync(cacheDirectory), []);
});
