import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const frame = new Uint8Array(60);

t.test('all packets leave by the output that is set', (t) => {
  using h = ElementHarness.create('Switch', [], { outputs: 3 });
  h.push(0, [frame, frame]);
  h.write('switch', '2');
  h.push(0, [frame]);
  t.same(
    [0, 1, 2].map((port) => h.output(port).length),
    [2, 0, 1],
  );
  t.equal(h.read('switch'), '2');
  t.end();
});

t.test('a negative output drops', (t) => {
  using h = ElementHarness.create('Switch', ['-1'], { outputs: 2 });
  h.push(0, [frame, frame]);
  t.same(h.drops(), { 'switched-off': 2 });
  t.same([h.output(0), h.output(1)], [[], []]);
  t.end();
});

t.test('an output that does not exist is refused', (t) => {
  t.throws(() => ElementHarness.create('Switch', ['2'], { outputs: 2 }), {
    code: 'HC_CONFIGURE_FAILED',
    message: /output must be < 2/,
  });
  using h = ElementHarness.create('Switch', ['1'], { outputs: 2 });
  t.throws(() => h.write('switch', '2'), { message: /output must be < 2/ });
  t.equal(h.read('switch'), '1');
  t.end();
});

t.test('an upgrade keeps the position; a new argument sets it', (t) => {
  using h = ElementHarness.create('Switch', ['0'], { outputs: 3 });
  h.write('switch', '1');
  h.upgrade();
  t.equal(h.read('switch'), '1');
  h.upgrade(undefined, ['2']);
  t.equal(h.read('switch'), '2');
  t.end();
});
