import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const frames = (n: number) => Array.from({ length: n }, () => new Uint8Array(60));

t.test('counts what is pushed, gives it back to the pool and calls it no drop', (t) => {
  using h = ElementHarness.create('Discard', [], { outputs: 0 });
  const free = h.freePackets();
  h.push(0, frames(300));
  t.equal(h.read('count'), '300');
  t.same(h.drops(), {});
  t.equal(h.freePackets(), free);
  h.write('reset_counts');
  t.equal(h.read('count'), '0');
  t.end();
});

t.test('pulls up to BURST packets each time it runs', (t) => {
  for (const [burst, rounds] of [
    ['1', 70],
    ['8', 9],
    ['32', 3],
    ['0', 1],
  ] as const) {
    using h = ElementHarness.create('Discard', [`BURST ${burst}`], { outputs: 0 });
    h.supply(0, frames(70));
    t.equal(h.run(100), rounds, `BURST ${burst}`);
    t.equal(h.read('count'), '70');
  }
  t.end();
});

t.test('does not pull while it is not active', (t) => {
  using h = ElementHarness.create('Discard', ['ACTIVE false'], { outputs: 0 });
  h.supply(0, frames(3));
  t.equal(h.run(3), 0);
  h.write('active', 'true');
  t.equal(h.run(3), 1);
  t.same([h.read('count'), h.read('active')], ['3', 'true']);
  t.throws(() => h.write('active', 'perhaps'));
  t.end();
});

t.test('an upgrade keeps the count and the activity', (t) => {
  using h = ElementHarness.create('Discard', [], { outputs: 0 });
  h.push(0, frames(5));
  h.write('active', 'false');
  h.upgrade();
  t.same([h.read('count'), h.read('active')], ['5', 'false']);
  h.push(0, frames(2));
  t.equal(h.read('count'), '7');
  t.end();
});
