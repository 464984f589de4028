import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const numbered = (first: number, n: number) =>
  Array.from({ length: n }, (_, i) => new Uint8Array([first + i]));
const pulled = (h: ElementHarness, max?: number) => h.pull(0, max).map((p) => p.data[0]);

t.test('an input gives only what those before it do not have', (t) => {
  using h = ElementHarness.create('PrioSched', [], { inputs: 3 });
  h.supply(2, numbered(20, 3));
  h.supply(0, numbered(0, 2));
  t.same(pulled(h, 3), [0, 1, 20]);
  h.supply(1, numbered(10, 1));
  t.same(pulled(h, 1), [10]);
  t.same(pulled(h), [21, 22]);
  t.same(pulled(h), []);
  t.end();
});

t.test('an upgrade changes nothing', (t) => {
  using h = ElementHarness.create('PrioSched', [], { inputs: 2 });
  h.supply(1, numbered(10, 2));
  t.same(pulled(h, 1), [10]);
  h.upgrade();
  h.supply(0, numbered(0, 1));
  t.same(pulled(h), [0, 11]);
  t.end();
});
