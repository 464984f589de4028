import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

t.test('takes bytes off the front; header positions stay where they are', (t) => {
  using h = ElementHarness.create('Strip', ['2']);
  h.push(0, [{ data: new Uint8Array([1, 2, 3, 4]), networkOffset: 3 }]);
  h.supply(0, [new Uint8Array([5, 6, 7])]);
  const [p] = h.output(0);
  t.same([[...p!.data], p!.networkOffset], [[3, 4], 1]);
  t.same([...h.pull(0)[0]!.data], [7]);
  t.end();
});

t.test('nothing is left of a packet that is too short', (t) => {
  using h = ElementHarness.create('Strip', ['14']);
  h.push(0, [new Uint8Array(14), new Uint8Array(3), new Uint8Array(0)]);
  t.same(
    h.output(0).map((p) => p.data.length),
    [0, 0, 0],
  );
  t.same(h.drops(), {});
  t.end();
});

t.test('an upgrade takes the new length', (t) => {
  using h = ElementHarness.create('Strip', ['1']);
  h.upgrade(undefined, ['LENGTH 3']);
  h.push(0, [new Uint8Array([1, 2, 3, 4])]);
  t.same([...h.output(0)[0]!.data], [4]);
  t.throws(() => ElementHarness.create('Strip', []), { code: 'HC_CONFIGURE_FAILED' });
  t.end();
});
