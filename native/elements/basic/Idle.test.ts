import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

t.test('drops what is pushed to any port, gives nothing, pulls nothing', (t) => {
  using h = ElementHarness.create('Idle', [], { inputs: 2, outputs: 2 });
  h.push(0, [new Uint8Array(60)]);
  h.push(1, [new Uint8Array(60), new Uint8Array(60)]);
  h.supply(0, [new Uint8Array(60)]);
  t.same(h.drops(), { idle: 3 });
  t.equal(h.run(3), 0);
  t.same([h.pull(0), h.output(0), h.output(1)], [[], [], []]);
  t.end();
});

t.test('an upgrade keeps the drops', (t) => {
  using h = ElementHarness.create('Idle');
  h.push(0, [new Uint8Array(60)]);
  h.upgrade();
  h.push(0, [new Uint8Array(60)]);
  t.same(h.drops(), { idle: 2 });
  t.end();
});

t.test('takes no arguments', (t) => {
  t.throws(() => ElementHarness.create('Idle', ['5']), { code: 'HC_CONFIGURE_FAILED' });
  t.end();
});
