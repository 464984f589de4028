// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how Click writes parameters.
import t from 'tap';
import { parseClick } from './index.ts';
import type { ClickOptions } from './reading.ts';

function args(text: string, options: Partial<ClickOptions> = {}): readonly string[] | undefined {
  return parseClick(text, { file: 'config', ...options }).elements[0]?.args;
}

t.test('define: all definitions of a scope hold at once', async (t) => {
  t.same(args('X($a, ${b}c, $b); define($a $b, $b 2)'), ['2', '2c', '2']);
  t.same(args('define($j sub) X(print $($j 8 5), $(a.b))'), ['print $(sub 8 5)', '$(a.b)']);
});

t.test('defaults, words, and what is not defined', async (t) => {
  t.same(args('X(${a-7}, ${a-$b}, $c, ${c}); define($b 3)'), ['7', '3', '$c', '${c}']);
  t.same(args('X(${a[0]}, ${a[2]}, ${a[9]}y, ${a[$i]}); define($a A "B b" C, $i 1)'), [
    'A',
    'C',
    'y',
    '"B b"',
  ]);
});

t.test('quotes: double ones substitute, single ones do not', async (t) => {
  t.same(args("define($x ab) X('$x')"), ["'$x'"]);
  t.same(args('define($x a "q") X("<$x>", "\\$x")'), ['"<a \\"q\\">"', '"\\$x"']);
});

t.test('values with commas are several arguments; positions stay those of the reference', async (t) => {
  const { elements } = parseClick('X(1,\n $r, 2)', { file: 'config', defines: { r: 'a, b' } });
  t.same(elements[0]?.args, ['1', 'a', 'b', '2']);
  t.same(
    elements[0]?.argPositions.map(({ line, column }) => [line, column]),
    [
      [1, 3],
      [2, 2],
      [2, 2],
      [2, 6],
    ],
  );
  t.same(args('define($e) X($e)'), []);
  t.same(args('define($e) X(1, $e, 2)'), ['1', '', '2']);
});

t.test('values from outside go before those of the file', async (t) => {
  t.same(args('X($DEV); define($DEV eth0)', { defines: { DEV: 'veth1' } }), ['veth1']);
});

t.test('values that would break the parentheses are refused', async (t) => {
  for (const x of ['a)', '"', '(']) {
    t.throws(() => args('X($x)', { defines: { x } }), { code: 'HC_CONFIG_INVALID' }, x);
  }
});

t.test('references that lead in circles or explode come to an end', async (t) => {
  t.type(args('define($a $b, $b $a) X($a)')?.[0], 'string');
  const chain = Array.from({ length: 9 }, (_, i) => `$v${i + 1} ${`$v${i}`.repeat(50)}`);
  t.throws(() => args(`define(${chain.join(', ')}) X($v9)`), { message: /expands to more/ });
});

t.test('faulty definitions', async (t) => {
  t.throws(() => args('define($a 1, $a 2)'), { message: /config:1:14: parameter '\$a' multiply defined/ });
  t.throws(() => args('define(a 1)'), { message: /config:1:8: bad 'define' declaration: not a variable/ });
  t.throws(() => args('x :: { $a | define($a 2) }(1)'), { message: /multiply defined/ });
});

t.test('arguments are kept as they are written, without comments', async (t) => {
  t.same(args('X("a, b", // note, with comma\n KEY \\<00 01>, c /* , */ d, )'), [
    '"a, b"',
    'KEY \\<00 01>',
    'c d',
  ]);
});
