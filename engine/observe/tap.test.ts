import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { smallGraph } from '../graph/fixtures/small-graph.ts';
import { parseEdge, tap } from './tap.ts';
import { eventOf, FakeObserved } from './testing/fake-observed.ts';

const graph = smallGraph({ c: 'Counter', 'in/d': 'Discard' }, ['c[1] -> in/d']);

t.test('an edge is an output or an input', (t) => {
  t.same(parseEdge('c'), { element: 'c', port: 0, input: false });
  t.same(parseEdge(' Frames@2/kinds [2] '), { element: 'Frames@2/kinds', port: 2, input: false });
  t.same(parseEdge('[1] fw'), { element: 'fw', port: 1, input: true });
  for (const wrong of ['', 'c]', 'c[', 'c[-1]', '[x]c', 'c d']) {
    t.throws(() => parseEdge(wrong), { code: 'HC_ARGUMENT', hint: /ELEMENT\[PORT\]/ }, wrong);
  }
  t.end();
});

t.test('it writes as many packets as asked for, and takes its observer out', async (t) => {
  const file = join(t.testdir({}), 'x.pcapng');
  const engine = new FakeObserved([eventOf(1), eventOf(2)], [eventOf(3), eventOf(4)]);
  engine.lost = 5;
  t.same(await tap(engine, graph, 'c[1]', file, { limit: 3, snaplen: 64 }), { file, packets: 3, lost: 5 });
  t.same(engine.specs, [{ kind: 'tap', element: 'c', port: 1, input: false, snap: 64 }]);
  t.equal(engine.stopped, 1);
  const enhanced = readFileSync(file)
    .toString('hex')
    .match(/06000000240000000/g);
  t.equal(enhanced?.length, 3);
});

t.test('the signal ends it with what was written so far', async (t) => {
  const file = join(t.testdir({}), 'x.pcapng');
  const engine = new FakeObserved([eventOf(1)]);
  const summary = await tap(engine, graph, '[0]in/d', file, { signal: AbortSignal.timeout(1) });
  t.match(summary, { lost: 0 });
  t.equal(engine.stopped, 1);
});

t.test('an edge that is not there is refused before a file is made', async (t) => {
  const file = join(t.testdir({}), 'x.pcapng');
  const engine = new FakeObserved();
  await t.rejects(tap(engine, graph, 'nosuch', file, {}), { code: 'HC_NO_SUCH_ELEMENT' });
  await t.rejects(tap(engine, graph, 'c[7]', file, {}), {
    code: 'HC_ARGUMENT',
    hint: 'connected outputs: 1',
  });
  await t.rejects(tap(engine, graph, '[0]c', file, {}), { code: 'HC_ARGUMENT', hint: /no input/ });
  t.notOk(existsSync(file));
  t.same(engine.specs, []);
});

t.test('a file that cannot be written is a clear error', async (t) => {
  const engine = new FakeObserved([eventOf(1)]);
  const missing = join(t.testdir({}), 'no', 'x.pcapng');
  await t.rejects(tap(engine, graph, 'c[1]', missing, {}), { code: 'HC_ARGUMENT', message: /ENOENT/ });
  await t.rejects(tap(engine, graph, 'c[1]', '/dev/full', {}), { code: 'HC_ARGUMENT', message: /ENOSPC/ });
});
