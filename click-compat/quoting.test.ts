import t from 'tap';
import { quote, unquote } from './quoting.ts';

t.test('double quotes: C escapes, octal, hexadecimal, data', async (t) => {
  t.equal(unquote('"a\\tb\\n\\\\"'), 'a\tb\n\\');
  t.equal(unquote('"\\101\\x41\\x0141"'), 'AAA');
  t.equal(unquote('"\\<48 65 6c // comment >\n6C 6f>"'), 'Hello');
  t.equal(unquote('"line\\\nbreak"'), 'linebreak');
  t.equal(unquote('"\\q\\$\\""'), 'q$"');
});

t.test('single quotes keep everything, data needs no quotes, strings join', async (t) => {
  t.equal(unquote("'a\\n$x'"), 'a\\n$x');
  t.equal(unquote('\\<48454c4C4f>'), 'HELLO');
  t.equal(unquote('a"b"\'c\'d'), 'abcd');
  t.equal(unquote('plain \\n'), 'plain \\n');
});

t.test('text that ends too early is taken as far as it goes', async (t) => {
  t.equal(unquote('"abc'), 'abc');
  t.equal(unquote('"abc\\'), 'abc\\');
  t.equal(unquote('\\<41 4'), 'A');
});

t.test('quote is undone by unquote', async (t) => {
  for (const text of ['', 'a b', '"', '\\', '$x', 'tab\there\r\n', '\x00\x7f\xff', 'ünïcode →']) {
    t.equal(unquote(quote(text)), text);
  }
  t.equal(quote('a"$b'), '"a\\"\\$b"');
});
