import t from 'tap';
import { HotclickError } from '../errors.ts';
import { checkGraph } from './check.ts';
import type { Diagnostic } from './diagnostics.ts';
import { classTable, smallGraph } from './fixtures/small-graph.ts';
import type { RouterGraph } from './router-graph.ts';

const classes = classTable({
  Source: ['0/1', 'h/h'],
  PullSource: ['0/1', 'l'],
  Sink: ['1/0', 'h'],
  PullSink: ['1/0', 'l'],
  AnySink: ['1/0', 'a'],
  Queue: ['1/1', 'h/l'],
  Unqueue: ['1/1', 'l/h'],
  Counter: ['1/1', 'a/a'],
  Check: ['1/1-2', 'a/ah'],
  Tee: ['1/1-', 'h'],
  Sched: ['1-/1', 'pull'],
  Idle: ['-/-', 'a/a', 'x/y'],
  Pairs: ['-/=', 'a', '#/#'],
  Bad: ['1/x', 'q', '['],
});

function faults(graph: RouterGraph): string[] {
  try {
    checkGraph(graph, classes);
    return [];
  } catch (error) {
    if (!(error instanceof HotclickError)) {
      throw error;
    }
    const list = error.details.errors as Diagnostic[];
    return list.map(({ position, message }) => `${position?.line}: ${message}`);
  }
}

t.test('a push source through a queue to a pull sink resolves every port', async (t) => {
  const graph = smallGraph({ s: 'Source', c: 'Counter', q: 'Queue', d: 'Counter', k: 'PullSink' }, [
    's -> c',
    'c -> q',
    'q -> d',
    'd -> k',
  ]);
  const checked = checkGraph(graph, classes);
  t.same(
    checked.elements.map(({ element, inputs, outputs }) => [element.name, inputs, outputs]),
    [
      ['s', [], ['push']],
      ['c', ['push'], ['push']],
      ['q', ['push'], ['pull']],
      ['d', ['pull'], ['pull']],
      ['k', ['pull'], []],
    ],
  );
  t.equal(checked.byName.get('q')?.elementClass.className, 'Queue');
});

t.test('ports that nothing decides become push', async (t) => {
  const { elements } = checkGraph(
    smallGraph({ i: 'Idle', c: 'Counter', a: 'AnySink' }, ['i -> c', 'c -> a']),
    classes,
  );
  t.same(
    elements.map(({ inputs, outputs }) => [...inputs, ...outputs]),
    [['push'], ['push', 'push'], ['push']],
  );
});

t.test('a second output with a code of its own stays push in a pull context', async (t) => {
  const graph = smallGraph({ s: 'Source', q: 'Queue', c: 'Check', k: 'PullSink', d: 'AnySink' }, [
    's -> q',
    'q -> c',
    'c -> k',
    'c[1] -> d',
  ]);
  t.same(checkGraph(graph, classes).byName.get('c')?.outputs, ['pull', 'push']);
});

t.test('flow codes keep ports apart: one pair push, the other pull', async (t) => {
  const graph = smallGraph({ s: 'Source', p: 'PullSource', x: 'Pairs', k: 'Sink', l: 'PullSink' }, [
    's -> x',
    'p -> [1]x',
    'x -> k',
    'x[1] -> l',
  ]);
  const x = checkGraph(graph, classes).byName.get('x');
  t.same(x?.inputs, ['push', 'pull']);
  t.same(x?.outputs, ['push', 'pull']);
});

t.test('unknown classes are named, and the rest is still checked', async (t) => {
  t.same(faults(smallGraph({ a: 'Nope', s: 'Source' }, ['a[3] -> [1]a'])), [
    "1: unknown element class 'Nope'",
    "2: 's :: Source' output 0 unused",
  ]);
});

t.test('ports that do not exist, and ports that are not used', async (t) => {
  t.same(faults(smallGraph({ s: 'Source', c: 'Counter', d: 'Sink' }, ['s -> c', 'c[2] -> [1]d'])), [
    "2: 'c :: Counter' has no output 2",
    "3: 'd :: Sink' has no input 1",
    "2: 'c :: Counter' output 0 unused",
    "3: 'd :: Sink' input 0 unused",
  ]);
});

t.test('a port below the highest one used must be used too', async (t) => {
  t.same(faults(smallGraph({ s: 'Source', x: 'Tee', d: 'Sink' }, ['s -> x', 'x[1] -> d'])), [
    "2: 'x :: Tee' output 0 unused",
  ]);
});

t.test('push outputs and pull inputs take one connection, the other kinds take many', async (t) => {
  t.same(faults(smallGraph({ i: 'Source', d: 'Sink', e: 'Sink' }, ['i -> d', 'i -> e'])), [
    "1: illegal reuse of 'i :: Source' push output 0",
  ]);
  t.same(faults(smallGraph({ p: 'PullSource', q: 'PullSource', k: 'PullSink' }, ['p -> k', 'q -> k'])), [
    "3: illegal reuse of 'k :: PullSink' pull input 0",
  ]);
  t.same(faults(smallGraph({ s: 'Source', r: 'Source', d: 'Sink' }, ['s -> d', 'r -> d'])), []);
  t.same(faults(smallGraph({ p: 'PullSource', k: 'PullSink', l: 'PullSink' }, ['p -> k', 'p -> l'])), []);
});

t.test('a connection that is written twice counts once', async (t) => {
  t.same(faults(smallGraph({ s: 'Source', d: 'Sink' }, ['s -> d', 's -> d'])), []);
});

t.test('push meets pull: at a connection, and across an agnostic element', async (t) => {
  t.same(faults(smallGraph({ s: 'Source', k: 'PullSink' }, ['s -> k'])), [
    "101: 's :: Source' push output 0 connected to 'k :: PullSink' pull input 0",
  ]);
  const across = faults(smallGraph({ s: 'Source', c: 'Counter', k: 'PullSink' }, ['s -> c', 'c -> k']));
  t.equal(across.length, 1);
  t.match(across[0], /push input 0, pull output 0|push output 0 connected to .* pull input 0/);
});

t.test('connections to elements that do not exist', async (t) => {
  t.same(faults(smallGraph({ d: 'Sink' }, ['x -> d'])), [
    "101: undeclared element 'x'",
    "1: 'd :: Sink' input 0 unused",
  ]);
});

t.test('two elements with one name', async (t) => {
  const one = smallGraph({ i: 'Idle' });
  const twice = { ...one, elements: [...one.elements, ...one.elements] };
  t.same(faults(twice), ["1: redeclaration of element 'i'"]);
});

t.test('port numbers out of reach are refused before they cost memory', async (t) => {
  t.same(faults(smallGraph({ i: 'Idle', d: 'AnySink' }, ['i[4000000000] -> d'])), [
    "101: bad port number '4000000000' of 'i'",
    "2: 'd :: AnySink' input 0 unused",
  ]);
});

t.test('codes that a library got wrong are faults, not crashes', async (t) => {
  t.match(faults(smallGraph({ b: 'Bad' })), [
    /bad port count code '1\/x'/,
    /bad processing code/,
    /bad flow code/,
  ]);
});

t.test('messages show the line and a caret when the text is at hand', async (t) => {
  const graph = smallGraph({ s: 'Source' });
  try {
    checkGraph(graph, classes, { sourceLine: () => 's :: Source;' });
    t.fail('not refused');
  } catch (error) {
    t.equal((error as HotclickError).code, 'HC_CONFIG_INVALID');
    t.equal((error as HotclickError).message, "test:1:1: 's :: Source' output 0 unused\n  s :: Source;\n  ^");
  }
});

t.test('graphs built by a program need no positions', async (t) => {
  const graph: RouterGraph = {
    elements: [{ name: 's', className: 'Source', args: [], argPositions: [] }],
    connections: [],
    requirements: [],
  };
  t.throws(() => checkGraph(graph, classes), { message: "'s :: Source' output 0 unused" });
});
