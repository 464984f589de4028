import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const numbered = (first: number, n: number) =>
  Array.from({ length: n }, (_, i) => new Uint8Array([first + i]));
const pulled = (h: ElementHarness, max?: number) => h.pull(0, max).map((p) => p.data[0]);

t.test('takes one packet from each input in turn and passes over empty ones', (t) => {
  using h = ElementHarness.create('RoundRobinSched', [], { inputs: 3 });
  h.supply(0, numbered(0, 4));
  h.supply(2, numbered(20, 2));
  t.same(pulled(h, 1), [0]);
  t.same(pulled(h, 3), [20, 1, 21]);
  t.same(pulled(h), [2, 3]);
  t.same(pulled(h), []);
  t.end();
});

t.test('goes on behind the input of the last packet', (t) => {
  using h = ElementHarness.create('RoundRobinSched', [], { inputs: 3 });
  h.supply(1, numbered(10, 1));
  t.same(pulled(h), [10]);
  for (const port of [0, 1, 2]) h.supply(port, numbered(10 * port, 1));
  t.same(pulled(h), [20, 0, 10]);
  t.end();
});

t.test('without inputs there is nothing to pull', (t) => {
  using h = ElementHarness.create('RoundRobinSched', [], { inputs: 0 });
  t.same(pulled(h), []);
  t.end();
});

t.test('an upgrade keeps the turn', (t) => {
  using h = ElementHarness.create('RoundRobinSched', [], { inputs: 2 });
  h.supply(0, numbered(0, 2));
  h.supply(1, numbered(10, 1));
  t.same(pulled(h, 1), [0]);
  h.upgrade();
  t.same(pulled(h), [10, 1]);
  t.end();
});
