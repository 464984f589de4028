import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const numbered = (n: number, first = 0) => Array.from({ length: n }, (_, i) => new Uint8Array([first + i]));
const firstBytes = (packets: { data: Uint8Array }[]) => packets.map((p) => p.data[0]);

t.test('outputs take turns, across batches', (t) => {
  using h = ElementHarness.create('RoundRobinSwitch', [], { outputs: 3 });
  h.push(0, numbered(4));
  h.push(0, numbered(3, 4));
  t.same(
    [0, 1, 2].map((port) => firstBytes(h.output(port))),
    [
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ],
  );
  t.same(h.drops(), {});
  t.end();
});

t.test('a single output gets everything', (t) => {
  using h = ElementHarness.create('RoundRobinSwitch');
  h.push(0, numbered(5));
  t.equal(h.output(0).length, 5);
  t.end();
});

t.test('an upgrade keeps the turn', (t) => {
  using h = ElementHarness.create('RoundRobinSwitch', [], { outputs: 3 });
  h.push(0, numbered(2));
  h.upgrade();
  h.push(0, numbered(2, 2));
  t.same(
    [0, 1, 2].map((port) => firstBytes(h.output(port))),
    [[0, 3], [1], [2]],
  );
  t.end();
});
