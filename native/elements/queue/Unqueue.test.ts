import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const frames = (n: number) => Array.from({ length: n }, (_, i) => new Uint8Array([i]));

t.test('pulls up to BURST packets and pushes them', (t) => {
  for (const [burst, rounds] of [
    ['1', 100],
    ['10', 10],
    ['32', 4],
    ['-1', 1],
  ] as const) {
    using h = ElementHarness.create('Unqueue', [burst]);
    h.supply(0, frames(100));
    t.equal(h.run(200), rounds, `BURST ${burst}`);
    t.same(
      h.output(0).map((p) => p.data[0]),
      frames(100).map((f) => f[0]),
    );
    t.equal(h.read('count'), '100');
  }
  using none = ElementHarness.create('Unqueue', ['0']);
  none.supply(0, frames(1));
  t.equal(none.run(5), 0);
  t.end();
});

t.test('passes LIMIT packets, and as many again after reset', (t) => {
  using h = ElementHarness.create('Unqueue', ['LIMIT 3']);
  h.supply(0, frames(10));
  h.run(5);
  t.equal(h.output(0).length, 3);
  h.write('reset');
  h.run(5);
  t.same([h.output(0).length, h.read('count')], [3, '3']);
  h.write('limit', '-1');
  h.run(5);
  t.equal(h.output(0).length, 4);
  h.write('reset_counts');
  t.equal(h.read('count'), '0');
  t.end();
});

t.test('does nothing while it is not active', (t) => {
  using h = ElementHarness.create('Unqueue', ['ACTIVE false']);
  h.supply(0, frames(4));
  t.equal(h.run(3), 0);
  h.write('burst', '3');
  h.write('active', 'true');
  t.equal(h.run(3), 2);
  t.same([h.read('active'), h.read('burst'), h.read('limit')], ['true', '3', '-1']);
  t.throws(() => h.write('active', 'now'));
  t.end();
});

t.test('an upgrade keeps the count and changed settings', (t) => {
  using h = ElementHarness.create('Unqueue', ['LIMIT 5']);
  h.supply(0, frames(10));
  h.write('burst', '2');
  h.run(1);
  h.upgrade();
  t.equal(h.read('burst'), '2');
  h.run(5);
  t.same([h.output(0).length, h.read('count')], [5, '5']);
  t.end();
});
