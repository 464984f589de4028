import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

t.test('puts bytes in front of packets that are pushed and pulled', (t) => {
  using h = ElementHarness.create('Unstrip', ['4']);
  h.push(0, [{ data: new Uint8Array([1, 2]), networkOffset: 0 }]);
  h.supply(0, [new Uint8Array([3])]);
  const [p] = h.output(0);
  t.same([[...p!.data.subarray(4)], p!.networkOffset], [[1, 2], 4]);
  t.equal(h.pull(0)[0]!.data.length, 5);
  t.end();
});

t.test('drops packets without headroom', (t) => {
  using h = ElementHarness.create('Unstrip', ['2000']);
  h.push(0, [new Uint8Array(10), new Uint8Array(20)]);
  t.same([h.output(0), h.drops()], [[], { 'no-headroom': 2 }]);
  h.upgrade();
  t.same(h.drops(), { 'no-headroom': 2 });
  t.end();
});
