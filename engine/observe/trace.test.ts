import t from 'tap';
import { eventOf, FakeObserved } from './testing/fake-observed.ts';
import { trace } from './trace.ts';

t.test('hops and drops of the first packets that match, those of other packets left out', async (t) => {
  const engine = new FakeObserved(
    [eventOf(1), eventOf(1, { shard: 1 }), eventOf(2)],
    [eventOf(1, { kind: 'd', reason: 'ttl', to: '' })],
  );
  const events = [];
  for await (const event of trace(engine, 'udp', { limit: 2 })) events.push(event);
  t.match(engine.specs, [{ kind: 'trace', filter: 'udp', limit: 2 }]);
  t.match(events, [
    { shard: 0, packet: 1, kind: 'hop', element: 'c', to: 'd', toPort: 0, head: 'dead' },
    { shard: 1, packet: 1, kind: 'hop' },
    { shard: 0, packet: 1, kind: 'drop', reason: 'ttl' },
  ]);
  t.notOk('to' in events[2]!);
  t.equal(events[0]?.time, new Date(1_795_183_708_175).toISOString());
  t.equal(engine.stopped, 1);
});

t.test('a reader that has enough, or a signal, takes the observer out', async (t) => {
  const engine = new FakeObserved([eventOf(1), eventOf(2)]);
  for await (const event of trace(engine, '-')) {
    t.equal(event.packet, 1);
    break;
  }
  t.equal(engine.stopped, 1);
  const events = [];
  for await (const event of trace(engine, '-', { signal: AbortSignal.abort() })) events.push(event);
  t.equal(engine.stopped, 2);
});
