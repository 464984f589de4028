import { readFileSync } from 'node:fs';
import t from 'tap';
import { HotclickError } from '../engine/errors.ts';
import { flattenClick, parseClick } from './index.ts';

const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000_000);

/** A linear congruential generator: the same seed gives the same texts everywhere. */
let state = seed;
function below(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
  return (state >>> 8) % limit;
}

const originals = [
  readFileSync(new URL('../examples/ip-router.click', import.meta.url), 'utf8'),
  `elementclass Foo { $a, $b | input -> Print("$a \${b-3}") -> output
   || $a, TWO $b, __REST__ $c | input => ( [0]->[0]; [1]->[1] ) => [0-1] output || ... }
   x, y :: Foo(1, TWO 3); a [0-] => [0,2-4] b; { -> Idle -> } (3) -> (-> c ->) -> z :: { input -> output };
# 100 "foo.click"
   define($q "\\<00 /* c */ ff>", $r \${q}) require(package x, compact_config) // foo`,
];

const pieces = (
  '{ } ( ) [ ] -> => :: | || ... elementclass define( require( provide " \' \\< /* */ // # $ ${ $( , ; ' +
  'input output [0- 999999 @ / __REST__ $r - [0,1] $a (1) A a \0 é'
).split(' ');
pieces.push('\n# 3 "x"\n', '\n', ' ');

/** Reads a text; what it says has to survive being printed and read again. */
function tryText(text: string): string | undefined {
  try {
    const printed = flattenClick(parseClick(text, { file: 'random' }));
    const again = flattenClick(parseClick(printed, { file: 'printed' }));
    return printed === again ? undefined : 'printed otherwise the second time';
  } catch (error) {
    if (error instanceof HotclickError && error.code.startsWith('HC_CONFIG_')) {
      const faults = error.details.errors as unknown[];
      return faults.length > 0 ? undefined : 'an error without faults';
    }
    return String((error as Error).stack);
  }
}

function mutate(text: string): string {
  const at = below(text.length + 1);
  const length = below(3) === 0 ? below(200) : below(6);
  const piece = pieces[below(pieces.length)]!;
  switch (below(5)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + piece + text.slice(at);
    case 2:
      return text.slice(0, at) + piece + text.slice(at + length);
    case 3: {
      const from = below(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + length) + text.slice(at);
    }
    default:
      return below(4) === 0 ? text.slice(0, at) : text;
  }
}

t.test(`changed configurations are read or refused, never more (TEST_SEED=${seed})`, async (t) => {
  for (let round = 0; round < 1500; round += 1) {
    let text = originals[below(originals.length)]!;
    for (let changes = 1 + below(6); changes > 0; changes -= 1) {
      text = mutate(text);
    }
    const fault = tryText(text);
    if (fault !== undefined) {
      t.fail(fault, { text });
      return;
    }
  }
  t.pass();
});

t.test(`random tokens are read or refused (TEST_SEED=${seed})`, async (t) => {
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: below(40) }, () => pieces[below(pieces.length)]).join(' ');
    const fault = tryText(text);
    if (fault !== undefined) {
      t.fail(fault, { text });
      return;
    }
  }
  t.pass();
});

t.test('every beginning of a configuration is read or refused', async (t) => {
  const text = originals[1]!;
  const ends = Array.from({ length: text.length + 1 }, (_, end) => end);
  t.same(
    ends.filter((end) => tryText(text.slice(0, end)) !== undefined),
    [],
  );
});

t.test('texts made to be slow are not', async (t) => {
  const texts = {
    groups: '('.repeat(20_000),
    brackets: '[ '.repeat(2_000),
    comments: `X(${'/**/'.repeat(20_000)})`,
    dollars: `X(${'$('.repeat(20_000)}${')'.repeat(20_000)})`,
    references: `X(${'${'.repeat(20_000)})`,
    quotes: `X(${'"'.repeat(20_001)}`,
    data: `X("${'\\<'.repeat(20_000)}`,
    name: `${'a/'.repeat(20_000)}b`,
    characters: '%\n'.repeat(5_000),
    ports: 'a[0-65535] => [0-65535]b;'.repeat(200),
    fan: `x :: {input -> output}; a${', a'.repeat(3_000)} -> x -> b${', b'.repeat(3_000)}`,
  };
  for (const [name, text] of Object.entries(texts)) {
    t.equal(tryText(text), undefined, name);
  }
});
