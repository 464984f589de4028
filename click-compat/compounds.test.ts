import t from 'tap';
import { flattenClick, parseClick } from './index.ts';

function flat(text: string): string[] {
  const lines = flattenClick(parseClick(text, { file: 'config' }))
    .replaceAll('\n    ', ' ')
    .split('\n');
  return lines.filter((line) => line !== '');
}

function refusal(text: string): string {
  try {
    parseClick(text, { file: 'config' });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

t.test('elements of a compound are named behind it', async (t) => {
  t.same(flat('a, b :: X; c :: { input -> x :: Y -> output }; a -> c -> b'), [
    'a :: X;',
    'b :: X;',
    'c/x :: Y;',
    'a -> c/x -> b;',
  ]);
  t.same(flat('A -> { input -> Y -> output } -> B').slice(2), ['@2/Y@1 :: Y;', 'A@1 -> @2/Y@1 -> B@3;']);
});

t.test('a compound may pass packets straight through', async (t) => {
  t.same(flat('a, b :: Idle; a -> { -> } -> b; a [1] -> { [0] -> [0] } -> [1] b;').slice(2), [
    'a -> b;',
    'a [1] -> [1] b;',
  ]);
  t.same(flat('a, b :: Idle; x :: { input -> output }; a -> x -> b; x -> x').slice(2), ['a -> b;']);
});

t.test('classes of compounds: names, synonyms, older meanings inside', async (t) => {
  t.same(flat('elementclass Queue { input -> Queue(5) -> output } elementclass Q Queue; A -> Q -> B'), [
    'A@1 :: A;',
    'B@3 :: B;',
    'Q@2/Queue@1 :: Queue(5);',
    'A@1 -> Q@2/Queue@1 -> B@3;',
  ]);
  t.same(flat('elementclass S Strip; S(14)'), ['S@1 :: Strip(14);']);
});

t.test('classes of a compound end with it', async (t) => {
  t.same(flat('elementclass A { elementclass B { C } B } A; B'), ['B@2 :: B;', 'A@1/B@1/C@1 :: C;']);
});

t.test('elements come first, then those of the compounds, one compound after the other', async (t) => {
  const text =
    'elementclass Foo { $a | elementclass Bar { $b | D($a) } elementclass Baz { $a | Idle; Bar($a) } Baz(f) } Foo(stop); Z';
  t.same(flat(text), ['Z@2 :: Z;', 'Foo@1/Baz@1/Idle@1 :: Idle;', 'Foo@1/Baz@1/Bar@2/D@1 :: D(stop);']);
});

t.test('parameters: positional, keywords, rest', async (t) => {
  t.same(flat('x :: { $a, COUNT $count, __REST__ $rest | Y($a; $count; $rest) }(1, 2, COUNT 3, FOO 4)'), [
    'x/Y@1 :: Y(1; 3; 2, FOO 4);',
  ]);
  t.same(flat('x :: { __REST__ $r | Y($r) }(A, B "c, d")'), ['x/Y@1 :: Y(A, B "c, d");']);
  t.same(flat('x :: { __REST__ $r | Y($r) }'), ['x/Y@1 :: Y;']);
});

t.test('arguments that do not fit', async (t) => {
  t.match(
    refusal('x :: { $a, $b | Y }(1)'),
    "config:1:1: no match for '<anonymous>[1 argument, 0 inputs, 0 outputs]'; " +
      'candidates are: <anonymous>(<arg>, <arg>)[0 inputs, 0 outputs]',
  );
  t.match(refusal('x :: { COUNT $c | Y }(1)'), 'candidates are: <anonymous>(COUNT)');
  t.match(refusal('x :: { $a, $a | Y }(1, 2)'), "parameter '$a' multiply defined");
  t.match(refusal('x :: { K $a, K $b | Y }'), "repeated keyword parameter 'K'");
  t.match(refusal('x :: { K $a, $b | Y }'), 'config:1:14: compound element parameters out of order');
});

t.test('overloads: the first definition that fits ports and arguments', async (t) => {
  const classes = `elementclass Foo {
    $a, $b | input -> P(1) -> output
    || $a, __REST__ $b | input -> P(2) -> output
    || $a, TWO $b, __REST__ $c | input -> P(3) -> output
    || input -> P(4) }
  S -> Foo(A) -> f :: Foo(A, TWO B)
  elementclass Foo { $a, $b | input -> P(5) -> output || ... }
  f -> Foo(A, B) -> Foo(A, B, C) -> Foo`;
  const chain = flat(classes);
  t.same(
    chain.filter((line) => line.includes(' :: P')),
    [
      'Foo@2/P@1 :: P(2);',
      'f/P@1 :: P(1);',
      'Foo@4/P@1 :: P(5);',
      'Foo@5/P@1 :: P(2);',
      'Foo@6/P@1 :: P(4);',
    ],
  );
  t.match(
    refusal('elementclass T { $a | X } t :: T(1, 2); elementclass T { $a, $b | X || ... }'),
    'no match for',
  );
  t.match(refusal('elementclass T { X || ... || Y }'), "syntax error near '||'");
});

t.test('an extended element class falls back to the original', async (t) => {
  const text =
    'elementclass Queue { $c, $r | input -> Queue($c) -> Shaper($r) -> output || ... } A -> Queue(1) -> Queue(2, 3) -> B';
  t.same(flat(text).slice(0, -1), [
    'A@1 :: A;',
    'Queue@2 :: Queue(1);',
    'B@4 :: B;',
    'Queue@3/Queue@1 :: Queue(2);',
    'Queue@3/Shaper@2 :: Shaper(3);',
  ]);
});

t.test('ports of compounds must fit their use', async (t) => {
  const two = 'a, b :: Idle; x :: { input -> output; input [1] -> [1] output }; ';
  t.match(refusal(`${two} a -> x -> b`), "config:1:15: 'x' input 1 unused");
  t.match(refusal(`${two} a -> x -> b`), "'x' output 1 unused");
  t.match(refusal(`${two} a => x => b, b; a -> [2] x`), "'x' has no input 2");
  t.match(refusal('x :: { input [1] -> Idle }'), "'<anonymous>' input 0 missing");
  t.match(
    refusal('elementclass F { output -> Idle }'),
    "'F' pseudoelement 'output' may only be used as input",
  );
});

t.test('names inside do not clash with names outside', async (t) => {
  t.match(refusal('x/y :: A;\nx :: { y :: B };'), "config:2:8: redeclaration of element 'x/y'\n");
});

t.test('classes cannot contain themselves, and expansion has bounds', async (t) => {
  t.same(flat('elementclass A { A } A'), ['A@1/A@1 :: A;']);
  const doubling = Array.from({ length: 60 }, (_, i) => `elementclass C${i + 1} { C${i}; C${i} }`);
  t.match(refusal(`${doubling.join('\n')}\nC60`), 'expands to more elements');
  const deep = Array.from({ length: 300 }, (_, i) => `elementclass C${i + 1} { C${i} }`);
  t.match(refusal(`${deep.join('\n')}\nC300`), 'nested more than 200 deep');
  t.match(refusal('{'.repeat(5000)), 'nested more than 100 deep');
});
