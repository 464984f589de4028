import t from 'tap';
import { flattenClick, parseClick } from './index.ts';

/** Connections of a text, one per line, sorted. */
function wires(text: string): string[] {
  const { connections } = parseClick(text, { file: 'config' });
  return connections.map(({ from, to }) => `${from.element}[${from.port}]->[${to.port}]${to.element}`).sort();
}

function refusal(text: string): string {
  try {
    parseClick(text, { file: 'config' });
    return '';
  } catch (error) {
    return (error as Error).message.split('\n')[0]!;
  }
}

t.test('declarations: one name, several names, without names, inside connections', async (t) => {
  const { elements } = parseClick('a :: A(1, KEY x); b, c :: B(2); C(3) -> d :: D -> C;', { file: 'config' });
  t.same(
    elements.map(({ name, className, args }) => `${name} ${className} ${args}`),
    ['a A 1,KEY x', 'b B 2', 'c B 2', 'C@4 C 3', 'd D ', 'C@6 C '],
  );
  t.same(elements[0]?.argPositions, [
    { file: 'config', line: 1, column: 8 },
    { file: 'config', line: 1, column: 11 },
  ]);
});

t.test('numbers of anonymous elements count all elements, and give way to names', async (t) => {
  t.same(
    parseClick('a :: A; B; B@3 :: C; B', { file: 'config' }).elements.map(({ name }) => name),
    ['a', 'B@2', 'B@3', 'B@4'],
  );
  t.same(
    parseClick('B; B@1 :: C', { file: 'config' }).elements.map(({ name }) => name),
    ['B@2', 'B@1'],
  );
});

t.test('chains with ports on both sides', async (t) => {
  t.same(wires('a, b, c :: X; a [1] -> [2] b [3] -> c; a -> b;'), ['a[0]->[0]b', 'a[1]->[2]b', 'b[3]->[0]c']);
});

t.test('many to one, one to many', async (t) => {
  t.same(wires('a, b, c :: X; a, b [1] -> c'), ['a[0]->[0]c', 'b[1]->[0]c']);
  t.same(wires('a, b, c :: X; a -> b, [1] c'), ['a[0]->[0]b', 'a[0]->[1]c']);
});

t.test('many to many', async (t) => {
  const expected = ['c[0]->[0]x', 'c[1]->[0]y', 'c[2]->[0]z'];
  const names = 'c, x, y, z :: X; ';
  t.same(wires(`${names} c[0], c[1], c[2] => x, y, z`), expected);
  t.same(wires(`${names} c[0,1,2] => x, y, z`), expected);
  t.same(wires(`${names} c[0-2] => x, y, z`), expected);
  t.same(wires(`${names} c[0-] => x, y, z`), expected);
  t.same(wires(`${names} c[] => x, y, z`), expected);
  t.same(wires(`${names} c => x, y, z`), expected);
  t.same(wires('a, b, c :: X; a => b, c, [0,1] a;'), [
    'a[0]->[0]b',
    'a[1]->[0]c',
    'a[2]->[0]a',
    'a[3]->[1]a',
  ]);
});

t.test('sides that do not fit', async (t) => {
  const names = 'a, b :: X; ';
  t.match(refusal(`${names} a [0,1] => [0,1,2] b`), 'connection mismatch: 2 outputs connected to 3 inputs');
  t.match(
    refusal(`${names} a [0,1,2-] => [0,1] b`),
    'connection mismatch: 3 or more outputs connected to 2 inputs',
  );
  t.match(refusal(`${names} a [] => [] b`), 'at most one expandable port allowed per connection');
  t.match(refusal(`${names} a [0,1] -> [0,1] b`), "syntax error: many-to-many connections require '=>'");
  t.match(refusal(`${names} [1] a -> b`), 'config:1:13: input ports ignored at start of chain');
  t.match(refusal(`${names} a -> b [2]`), 'output ports ignored at end of chain');
  t.match(refusal(`${names} a [3-1] -> b`), 'syntax error: no ports from 3 to 1');
  t.match(refusal(`${names} a [70000] -> b`), 'port number 70000 is above 65535');
});

t.test('groups are dissolved', async (t) => {
  for (const between of ['->', '-> ( input -> output ) ->', '-> ( [0] -> [0] ) ->', '-> (->) ->']) {
    t.same(wires(`x, y :: X; x ${between} y`), ['x[0]->[0]y'], between);
  }
  t.same(wires('x, y :: X; x => ( [0]->[0]; [1]->[1] ) -> y'), ['x[0]->[0]y', 'x[1]->[0]y']);
  t.same(wires('x, c, y :: X; x -> c => ( input -> output; input [1] -> p :: P -> output ) -> y'), [
    'c[0]->[0]y',
    'c[1]->[0]p',
    'p[0]->[0]y',
    'x[0]->[0]c',
  ]);
});

t.test('groups join the scope around them', async (t) => {
  t.same(wires('a, d :: Idle; a => (-> c :: Idle), (-> b :: Idle), d; c -> d'), [
    'a[0]->[0]c',
    'a[1]->[0]b',
    'a[2]->[0]d',
    'c[0]->[0]d',
  ]);
});

t.test('groups with holes or loose ends', async (t) => {
  t.match(refusal('x :: X; x => ( [0]->[0]; [2]->Idle ) -> x'), "'<anonymous group>' input 1 missing");
  t.match(refusal('x :: X; x => [0] ( [0]->[0]; [1]->Idle ) -> x'), "'<anonymous group>' input 1 unused");
  t.match(refusal('x, y :: X; x -> ( -> [0] output [0] -> y )'), 'may only be used as');
});

t.test('numbers may be hexadecimal or octal', async (t) => {
  t.same(wires('a, b :: X; a [0x10] -> [010] b'), ['a[16]->[8]b']);
});

t.test('keywords and names', async (t) => {
  t.same(
    parseClick('define1 :: A; a/b@c_d :: B; e//comment\n:: C', { file: 'config' }).elements.map(
      ({ name }) => name,
    ),
    ['define1', 'a/b@c_d', 'e'],
  );
  t.match(refusal('1 :: A'), "element name '1' has all-digit component");
  t.match(refusal('a/2/b :: A'), 'has all-digit component');
  t.match(refusal('define :: A'), "syntax error near '::'");
});

t.test('without a list of classes, unknown names are classes', async (t) => {
  t.same(
    parseClick('Foo -> Bar', { file: 'config' }).elements.map(({ name }) => name),
    ['Foo@1', 'Bar@2'],
  );
  t.match(refusal('elementclass Foo { A -> B; }\nA :: Idle;'), "config:2:1: class 'A' used as element name");
  t.match(refusal('A :: Idle; b :: A;'), "config:1:1: class 'A' used as element name");
  t.match(refusal('A :: Idle; c :: { b :: A; };'), "config:1:1: class 'A' used as element name");
});

t.test('the flat layout is that of Click', async (t) => {
  const text = 'require(compact_config)\nx :: X(1, 2) -> y :: Y [1] -> [2] z :: Z; y -> x; y [2] -> z';
  t.equal(
    flattenClick(parseClick(text, { file: 'config' })),
    `require(compact_config);

x :: X(1, 2);
y :: Y;
z :: Z;

y [2] -> z;
y [1] -> [2] z;
y -> x
    -> y;
`,
  );
});
