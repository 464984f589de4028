import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { arpReply, arpRequest, ethernet, ipv4Udp } from '../../../engine/testing/frames.ts';

const standard = ['12/0806 20/0001', '12/0806 20/0002', '12/0800', '-'];

t.test('sends each frame to the output of the first pattern it matches', async (t) => {
  using h = ElementHarness.create('Classifier', standard, { outputs: 4 });
  const ipv6 = ethernet({ type: 0x86dd }, new Uint8Array(40));
  h.push(0, [arpRequest(), arpReply(), ipv4Udp(), ipv6, ipv4Udp()]);
  t.strictSame(
    [0, 1, 2, 3].map((port) => h.output(port).length),
    [1, 1, 2, 1],
  );
});

t.test('a frame that matches no pattern is dropped', async (t) => {
  using h = ElementHarness.create('Classifier', ['12/0806'], { outputs: 1 });
  h.push(0, [ipv4Udp(), arpReply()]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'no match': 1 });
});

t.test('bytes that a frame does not have match nothing', async (t) => {
  using h = ElementHarness.create('Classifier', standard, { outputs: 4 });
  const free = h.freePackets();
  const frame = arpRequest();
  h.push(
    0,
    Array.from({ length: 22 }, (_, n) => frame.subarray(0, n)),
  );
  t.strictSame(
    [0, 1, 2].map((port) => h.output(port).length),
    [0, 0, 0],
  );
  t.equal(h.output(3).length, 22);
  t.equal(h.freePackets(), free);
});

t.test('there is one output for each pattern', async (t) => {
  t.throws(
    () => ElementHarness.create('Classifier', standard, { outputs: 3 }),
    /need 3 arguments, one per output/,
  );
});

t.test('a wrong pattern is refused', async (t) => {
  for (const pattern of ['12/080', 'x/0806', '12/0806%ff']) {
    t.throws(() => ElementHarness.create('Classifier', [pattern]), { code: 'HC_CONFIGURE_FAILED' }, pattern);
  }
});

t.test('the program handler shows something for every configuration', async (t) => {
  using h = ElementHarness.create('Classifier', standard, { outputs: 4 });
  t.ok(h.read('program').length > 0);
});

t.test('an upgrade may bring other patterns', async (t) => {
  using h = ElementHarness.create('Classifier', ['12/0800', '-'], { outputs: 2 });
  h.upgrade(undefined, ['12/0806', '-']);
  h.push(0, [ipv4Udp(), arpRequest()]);
  t.equal(h.output(0)[0]?.data[13], 6);
});
