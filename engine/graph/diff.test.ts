import t from 'tap';
import type { GraphAction } from './diff.ts';
import { diffGraphs } from './diff.ts';
import { smallGraph } from './fixtures/small-graph.ts';
import type { RouterGraph } from './router-graph.ts';

/** `keep a`, `adopt b [arguments]`, `keep Queue@5 from Queue@3`: one line per action. */
function plan(old: RouterGraph, next: RouterGraph, changed: readonly string[] = []): string[] {
  return diffGraphs(old, next, (className) => changed.includes(className)).map(show);
}

function show({ kind, element, reasons, from }: GraphAction): string {
  const renamed = from !== undefined && from !== element ? ` from ${from}` : '';
  return `${kind} ${element}${renamed}${reasons.length > 0 ? ` [${reasons.join(' ')}]` : ''}`;
}

const line = ['s -> q', 'q -> k'];
const simple = smallGraph({ s: 'Source(1)', q: 'Queue(200)', k: 'Sink' }, line);

t.test('nothing changed: everything is kept', async (t) => {
  t.same(plan(simple, simple), ['keep s', 'keep q', 'keep k']);
  t.same(diffGraphs(simple, simple, () => false)[0], {
    kind: 'keep',
    element: 's',
    className: 'Source',
    reasons: [],
    from: 's',
  });
});

t.test('a changed library or changed arguments: the state is adopted', async (t) => {
  t.same(plan(simple, simple, ['Queue']), ['keep s', 'adopt q [library]', 'keep k']);
  const next = smallGraph({ s: 'Source(2)', q: 'Queue(200)', k: 'Sink' }, line);
  t.same(plan(simple, next), ['adopt s [arguments]', 'keep q', 'keep k']);
  t.same(plan(simple, next, ['Source']), ['adopt s [library arguments]', 'keep q', 'keep k']);
});

t.test('an element put between two others: they stay, with other connections', async (t) => {
  const next = smallGraph({ s: 'Source(1)', c: 'Counter', q: 'Queue(200)', k: 'Sink' }, [
    's -> c',
    'c -> q',
    'q -> k',
  ]);
  t.same(plan(simple, next), ['keep s [connections]', 'start c', 'keep q [connections]', 'keep k']);
  t.same(plan(next, simple), ['keep s [connections]', 'keep q [connections]', 'keep k', 'drain c']);
});

t.test('another port is another connection', async (t) => {
  const next = smallGraph({ s: 'Source(1)', q: 'Queue(200)', k: 'Sink' }, ['s -> q', 'q[1] -> k']);
  t.same(plan(simple, next), ['keep s', 'keep q [connections]', 'keep k [connections]']);
});

t.test('another class under the old name has nothing to take over', async (t) => {
  const next = smallGraph({ s: 'Source(1)', q: 'Stack(200)', k: 'Sink' }, line);
  t.same(plan(simple, next), ['keep s [connections]', 'start q', 'keep k [connections]', 'drain q']);
});

t.test('an empty graph before or after', async (t) => {
  const empty = smallGraph({});
  t.same(plan(empty, simple), ['start s', 'start q', 'start k']);
  t.same(plan(simple, empty), ['drain s', 'drain q', 'drain k']);
});

t.test('anonymous elements are found again when their numbers shift', async (t) => {
  const old = smallGraph({ s: 'Source', 'Counter@2': 'Counter', 'Sink@3': 'Sink' }, [
    's -> Counter@2',
    'Counter@2 -> Sink@3',
  ]);
  const next = smallGraph({ n: 'New', s: 'Source', 'Counter@3': 'Counter', 'Sink@4': 'Sink' }, [
    's -> n',
    'n -> Counter@3',
    'Counter@3 -> Sink@4',
  ]);
  t.same(plan(old, next), [
    'start n',
    'keep s [connections]',
    'keep Counter@3 from Counter@2 [connections]',
    'keep Sink@4 from Sink@3',
  ]);
});

t.test('neighbours decide between anonymous elements that look alike', async (t) => {
  const old = smallGraph({ a: 'A', 'Queue@2': 'Queue', b: 'B', 'Queue@4': 'Queue' }, [
    'a -> Queue@2',
    'b -> Queue@4',
  ]);
  const next = smallGraph({ b: 'B', 'Queue@2': 'Queue', a: 'A', 'Queue@4': 'Queue' }, [
    'b -> Queue@2',
    'a -> Queue@4',
  ]);
  t.same(plan(old, next), ['keep b', 'keep Queue@2 from Queue@4', 'keep a', 'keep Queue@4 from Queue@2']);
});

t.test('one match makes the next one known', async (t) => {
  const chain = (first: string, shift: number) => {
    const [x, y, z] = [`X@${1 + shift}`, `X@${2 + shift}`, `X@${3 + shift}`] as const;
    return smallGraph({ [x]: 'X', [y]: 'X', [z]: 'X', [first]: 'Start' }, [
      `${first} -> ${z}`,
      `${z} -> ${x}`,
      `${x} -> ${y}`,
    ]);
  };
  t.same(plan(chain('s', 0), chain('s', 5)), [
    'keep X@6 from X@1',
    'keep X@7 from X@2',
    'keep X@8 from X@3',
    'keep s',
  ]);
});

t.test('without neighbours in common the order decides', async (t) => {
  const old = smallGraph({ 'Sink@1': 'Sink', 'Sink@2': 'Sink' });
  const next = smallGraph({ 'Sink@2': 'Sink', 'Sink@3': 'Sink', 'Sink@4': 'Sink' });
  t.same(plan(old, next), ['keep Sink@2 from Sink@1', 'keep Sink@3 from Sink@2', 'start Sink@4']);
});

t.test('an anonymous element in the same place with other arguments adopts', async (t) => {
  const old = smallGraph({ s: 'Source', 'Print@2': 'Print(a)', k: 'Sink' }, ['s -> Print@2', 'Print@2 -> k']);
  const next = smallGraph({ x: 'Idle', s: 'Source', 'Print@3': 'Print(b)', k: 'Sink' }, [
    's -> Print@3',
    'Print@3 -> k',
  ]);
  t.same(plan(old, next), ['start x', 'keep s', 'adopt Print@3 from Print@2 [arguments]', 'keep k']);
});

t.test('who kept its arguments is matched before who changed them', async (t) => {
  const old = smallGraph({ s: 'Source', 'Print@2': 'Print(a)' }, ['s -> Print@2']);
  const next = smallGraph({ s: 'Source', 'Print@2': 'Print(b)', 'Print@3': 'Print(a)' }, [
    's -> Print@2',
    'Print@2 -> Print@3',
  ]);
  t.same(plan(old, next), [
    'keep s [connections]',
    'start Print@2',
    'keep Print@3 from Print@2 [connections]',
  ]);
});

t.test('elements of anonymous compounds are found again', async (t) => {
  const old = smallGraph({ s: 'Source', 'Path@2/q': 'Queue' }, ['s -> Path@2/q']);
  const next = smallGraph({ x: 'Idle', s: 'Source', 'Path@3/q': 'Queue' }, ['s -> Path@3/q']);
  t.same(plan(old, next), ['start x', 'keep s', 'keep Path@3/q from Path@2/q']);
});

t.test('a name is never matched with an anonymous element, nor twice', async (t) => {
  const old = smallGraph({ q: 'Queue', 'Queue@2': 'Queue' });
  const next = smallGraph({ 'Queue@1': 'Queue', 'Queue@2': 'Queue', r: 'Queue' });
  t.same(plan(old, next), ['keep Queue@1 from Queue@2', 'start Queue@2', 'start r', 'drain q']);
});

t.test('large graphs of equal anonymous elements are matched in order', async (t) => {
  const names = (shift: number) => Array.from({ length: 2000 }, (_, index) => `Sink@${index + shift}`);
  const graph = (shift: number) =>
    smallGraph(
      { hub: 'Hub', ...Object.fromEntries(names(shift).map((name) => [name, 'Sink'])) },
      names(shift).flatMap((name) => [`hub -> ${name}`]),
    );
  const actions = diffGraphs(graph(1), graph(2), () => false);
  t.ok(actions.every(({ kind, reasons }) => kind === 'keep' && reasons.length === 0));
});
