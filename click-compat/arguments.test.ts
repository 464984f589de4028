import t from 'tap';
import { splitArguments, splitWithOffsets, splitWords } from './arguments.ts';

t.test('commas outside quotes and comments separate arguments', async (t) => {
  t.same(splitArguments('a, b, c'), ['a', 'b', 'c']);
  t.same(splitArguments('"a, b", \'c, d\', \\<00 /* , */ 01>'), ['"a, b"', "'c, d'", '\\<00 /* , */ 01>']);
  t.same(splitArguments('f(a, b)'), ['f(a', 'b)']);
});

t.test('comments become a space, white space around goes', async (t) => {
  t.same(splitArguments('  a /*?*/ b,  c, '), ['a b', 'c']);
  t.same(splitArguments('a // x, y\n b'), ['a b']);
  t.same(splitArguments('/* a, */ "x" // y'), ['"x"']);
  t.same(splitArguments('a   b'), ['a   b']);
});

t.test('only a last empty argument does not count', async (t) => {
  t.same(splitArguments(''), []);
  t.same(splitArguments(' /* nothing */ '), []);
  t.same(splitArguments('1,'), ['1']);
  t.same(splitArguments(',1'), ['', '1']);
  t.same(splitArguments('a,,'), ['a', '']);
});

t.test('arguments know where they start', async (t) => {
  t.same(
    splitWithOffsets(' a,\n # 7 "x"\n  /* c */ bb', false).map(({ offset }) => offset),
    [1, 5],
  );
  t.same(splitWithOffsets('a,\n# 7 "x, y"\nb', true), [
    { text: 'a', offset: 0 },
    { text: 'b', offset: 14 },
  ]);
});

t.test('words are separated by white space outside quotes', async (t) => {
  t.same(splitWords('a  "b c" d/* e */f'), ['a', '"b c"', 'd', 'f']);
  t.same(splitWords(''), []);
});
