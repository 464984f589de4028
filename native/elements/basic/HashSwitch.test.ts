import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

/** Where each of the packets left. */
function outputsOf(args: string[], outputs: number, packets: Uint8Array[]): number[] {
  using h = ElementHarness.create('HashSwitch', args, { outputs });
  return packets.map((packet) => {
    h.push(0, [packet]);
    const port = Array.from({ length: outputs }, (_, i) => h.output(i).length).indexOf(1);
    t.same(h.drops(), {});
    return port;
  });
}

t.test('the sum of the bytes chooses the output', (t) => {
  const packets = [0, 1, 2, 3, 4, 250].map((b) => new Uint8Array([99, b, 1, 99]));
  t.same(outputsOf(['1', '2'], 3, packets), [1, 2, 0, 1, 2, 251 % 3]);
  const folded = (sum: number, n: number) => (sum ^ (sum >> 4)) & (n - 1);
  for (const n of [2, 4, 8]) {
    t.same(
      outputsOf(['1', '2'], n, packets),
      [1, 2, 3, 4, 5, 251].map((sum) => folded(sum, n)),
      `${n} outputs`,
    );
  }
  t.end();
});

t.test('packets that are too short leave by output 0', (t) => {
  t.same(
    outputsOf(['OFFSET 2', 'LENGTH 2'], 3, [new Uint8Array([9, 9, 9]), new Uint8Array([9, 9, 1, 0])]),
    [0, 1],
  );
  t.end();
});

t.test('an upgrade changes no packet of its output', (t) => {
  using h = ElementHarness.create('HashSwitch', ['0', '4'], { outputs: 5 });
  const packets = Array.from({ length: 100 }, (_, i) => new Uint8Array([i, i * 7, 3, 4]));
  const counts = () => [0, 1, 2, 3, 4].map((port) => h.output(port).map((p) => p.data[0]));
  h.push(0, packets);
  const before = counts();
  h.upgrade();
  h.push(0, packets);
  t.same(counts(), before);
  t.end();
});

t.test('refuses an empty or impossible range', (t) => {
  const create = (...args: string[]) => ElementHarness.create('HashSwitch', args, { outputs: 2 });
  t.throws(() => create('0', '0'), { code: 'HC_CONFIGURE_FAILED', message: /length must be > 0/ });
  t.throws(() => create('4294967295', '4'), { code: 'HC_CONFIGURE_FAILED' });
  t.throws(() => create('0'), { code: 'HC_CONFIGURE_FAILED' });
  t.end();
});
