import t from 'tap';
import { flattenClick, parseClick } from './index.ts';

const files = new Map([
  ['lib', 'require(library dir/lib2)\nelementclass A { b :: B; }'],
  ['dir/lib2', 'elementclass B { i :: Idle; }'],
  ['lib3', 'require(library lib)'],
  ['broken', 'a :: A;\nb -> ]'],
]);

const readLibrary = (name: string) => {
  const text = files.get(name);
  return text === undefined ? undefined : { file: name, text };
};

t.test('words of require are kept, in the form Click prints', async (t) => {
  const graph = parseClick('require(compact_config, foo, package "bar")', { file: 'config' });
  t.same(graph.requirements, ['compact_config', 'package foo', 'package bar']);
  t.same(parseClick(flattenClick(graph), { file: 'config' }).requirements, graph.requirements);
  t.throws(() => parseClick('require(a b)', { file: 'config' }), { message: /syntax error at requirement/ });
});

t.test('a package that is not there is an error with its place', async (t) => {
  const isKnownPackage = (name: string) => name === 'foo';
  t.same(parseClick('require(foo)', { file: 'config', isKnownPackage }).requirements, ['package foo']);
  for (const text of ['require(foo, bar)', 'require(foo, package "bar")']) {
    t.throws(() => parseClick(text, { file: 'config', isKnownPackage }), {
      message: /^config:1:14: cannot find required package 'bar'/,
    });
  }
});

t.test('libraries are read once', async (t) => {
  const text = 'require(library lib, library lib3)\na :: A;';
  t.equal(flattenClick(parseClick(text, { file: 'main', readLibrary })), 'a/b/i :: Idle;\n');
});

t.test('faults in libraries are shown with their lines', async (t) => {
  t.throws(() => parseClick('require(library broken)', { file: 'main', readLibrary }), {
    code: 'HC_CONFIG_SYNTAX',
    message: "broken:2:6: syntax error near ']'\n  b -> ]\n       ^",
  });
  t.throws(() => parseClick('require(library nope)', { file: 'main', readLibrary }), {
    message: /main:1:9: library 'nope' not found/,
  });
  t.throws(() => parseClick('x :: { require(library lib) }', { file: 'main', readLibrary }), {
    message: /must be used at file scope/,
  });
});
