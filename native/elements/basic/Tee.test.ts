import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

t.test('sends a copy out of every output, annotations and order included', (t) => {
  using h = ElementHarness.create('Tee', [], { outputs: 3 });
  h.push(0, [
    { data: new Uint8Array([1, 2, 3]), paint: 7, timestamp: 5n, destination: '1.2.3.4' },
    { data: new Uint8Array([4]), networkOffset: 0 },
  ]);
  const outputs = [0, 1, 2].map((port) => h.output(port));
  for (const packets of outputs) {
    t.same(
      packets.map((p) => [...p.data]),
      [[1, 2, 3], [4]],
    );
    t.same([packets[0]!.paint, packets[0]!.timestamp, packets[0]!.destination], [7, 5n, '1.2.3.4']);
    t.equal(packets[1]!.networkOffset, 0);
  }
  t.end();
});

t.test('one output gets the packets as they are', (t) => {
  using h = ElementHarness.create('Tee', ['1']);
  const free = h.freePackets();
  h.push(0, [new Uint8Array(60)]);
  t.equal(h.freePackets(), free - 1);
  t.equal(h.output(0).length, 1);
  t.end();
});

t.test('N must be the number of outputs', (t) => {
  t.throws(() => ElementHarness.create('Tee', ['3'], { outputs: 2 }), {
    code: 'HC_CONFIGURE_FAILED',
    message: /N is 3/,
  });
  t.end();
});

t.test('copies that cannot be made are counted, and the last output still gets its packet', (t) => {
  using h = ElementHarness.create('Tee', [], { outputs: 2 });
  const free = h.freePackets();
  const packets = Array.from({ length: 256 }, () => new Uint8Array(60));
  h.push(0, packets.slice(0, 100));
  while (h.freePackets() > 256) h.push(0, packets);
  const [copies, originals] = [h.output(0).length, h.output(1).length];
  const missing = h.drops()['no-packet'] ?? 0;
  t.ok(missing > 0);
  t.equal(copies + missing, originals);
  t.equal(h.freePackets(), free);
  h.upgrade();
  t.equal(h.drops()['no-packet'], missing, 'an upgrade keeps the drops');
  t.end();
});
