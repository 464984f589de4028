import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const painted = (...colors: number[]) => colors.map((paint, i) => ({ data: new Uint8Array([i]), paint }));
const firstBytes = (packets: { data: Uint8Array }[]) => packets.map((p) => p.data[0]);

t.test('the colour is the number of the output', (t) => {
  using h = ElementHarness.create('PaintSwitch', [], { outputs: 3 });
  h.push(0, painted(0, 2, 1, 2, 0, 3, 254));
  t.same(
    [0, 1, 2].map((port) => firstBytes(h.output(port))),
    [[0, 4], [2], [1, 3]],
  );
  t.same(h.drops(), { 'no-output': 2 });
  t.end();
});

t.test('colour 255 goes everywhere, in its place among the others', (t) => {
  using h = ElementHarness.create('PaintSwitch', [], { outputs: 2 });
  const free = h.freePackets();
  h.push(0, painted(0, 255, 1, 0, 255, 255, 0));
  t.same(
    [0, 1].map((port) => firstBytes(h.output(port))),
    [
      [0, 1, 3, 4, 5, 6],
      [1, 2, 4, 5],
    ],
  );
  t.same(h.drops(), {});
  t.equal(h.freePackets(), free);
  t.end();
});

t.test('without outputs everything is dropped', (t) => {
  using h = ElementHarness.create('PaintSwitch', [], { outputs: 0 });
  h.push(0, painted(0, 255));
  t.same(h.drops(), { 'no-output': 2 });
  t.end();
});

t.test('ANNO names another annotation; an upgrade keeps the drops', (t) => {
  using h = ElementHarness.create('PaintSwitch', ['ICMP_PARAMPROB'], { outputs: 2 });
  h.push(0, [
    { data: new Uint8Array(1), icmpParameter: 1 },
    { data: new Uint8Array(1), icmpParameter: 9 },
  ]);
  t.equal(h.output(1).length, 1);
  h.upgrade();
  t.same(h.drops(), { 'no-output': 1 });
  t.end();
});
