import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const painted = (...colors: number[]) => colors.map((paint, i) => ({ data: new Uint8Array([i]), paint }));
const firstBytes = (packets: { data: Uint8Array }[]) => packets.map((p) => p.data[0]);

t.test('its colour leaves by output 0, others by output 1', (t) => {
  using h = ElementHarness.create('CheckPaint', ['2'], { outputs: 2 });
  h.push(0, painted(2, 0, 2, 255, 2));
  t.same([firstBytes(h.output(0)), firstBytes(h.output(1)), h.drops()], [[0, 2, 4], [1, 3], {}]);
  t.end();
});

t.test('others are dropped when output 1 is not connected', (t) => {
  using h = ElementHarness.create('CheckPaint', ['2']);
  h.push(0, painted(2, 0, 3));
  h.supply(0, painted(1, 2));
  t.same([firstBytes(h.output(0)), firstBytes(h.pull(0))], [[0], [1]]);
  t.same(h.drops(), { 'other-color': 3 });
  h.upgrade();
  t.same(h.drops(), { 'other-color': 3 });
  t.end();
});

t.test('ANNO names another annotation', (t) => {
  using h = ElementHarness.create('CheckPaint', ['2', 'ANNO FIX_IP_SRC'], { outputs: 2 });
  h.push(0, [
    { data: new Uint8Array(1), paint: 2 },
    { data: new Uint8Array(1), fixIpSource: 2 },
  ]);
  t.same([h.output(0).length, h.output(1).length], [1, 1]);
  t.end();
});
