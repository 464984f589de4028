import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const frames = (n: number) => Array.from({ length: n }, () => new Uint8Array(60));

/** Packets that pass while `ms` go by, with as many waiting as it could take. */
function passedIn(h: ElementHarness, ms: number, step = 1): number {
  let passed = 0;
  for (let at = 0; at < ms; at += step) {
    h.advance(step);
    while (h.run() > 0) passed += h.output(0).length;
  }
  return passed;
}

t.test('starts with a full bucket, then keeps the rate exactly', (t) => {
  for (const [args, burst, rate] of [
    [['RATE 2'], 1, 2],
    [['RATE 2', 'BURST_SIZE 50'], 50, 2],
    [['RATE 2', 'BURST_DURATION 25'], 50, 2],
    [['100', 'BURST_SIZE 1'], 1, 100],
    [['1000'], 20, 1000],
  ] as const) {
    using h = ElementHarness.create('RatedUnqueue', args);
    h.supply(0, frames(2500));
    t.equal(passedIn(h, 1), burst, args.join(', '));
    t.equal(passedIn(h, 2000), 2 * rate, `${args.join(', ')}: two seconds`);
    t.equal(h.read('count'), String(burst + 2 * rate));
  }
  t.end();
});

t.test('time without packets earns no more than the bucket holds', (t) => {
  using h = ElementHarness.create('RatedUnqueue', ['1000', 'BURST_SIZE 5']);
  passedIn(h, 5000, 50);
  h.supply(0, frames(100));
  t.equal(passedIn(h, 1), 5);
  t.equal(passedIn(h, 10), 10);
  t.end();
});

t.test('rate and activity can be changed', (t) => {
  using h = ElementHarness.create('RatedUnqueue', ['10']);
  h.supply(0, frames(1000));
  t.equal(passedIn(h, 1), 1);
  h.write('rate', '1k');
  t.equal(h.read('rate'), '1000');
  t.equal(passedIn(h, 100), 100);
  h.write('active', 'false');
  t.equal(passedIn(h, 100), 0);
  h.write('active', 'true');
  t.equal(passedIn(h, 1), 20, 'as many as can be saved up');
  t.equal(passedIn(h, 10), 10);
  h.write('rate', '0');
  t.equal(passedIn(h, 1000, 10), 0);
  t.throws(() => h.write('rate', 'slow'));
  t.end();
});

t.test('refuses two sizes of the bucket, and no rate', (t) => {
  const create = (...args: string[]) => ElementHarness.create('RatedUnqueue', args);
  t.throws(() => create('5', 'BURST_SIZE 2', 'BURST_DURATION 1s'), {
    code: 'HC_CONFIGURE_FAILED',
    message: /both/,
  });
  t.throws(() => create(), { code: 'HC_CONFIGURE_FAILED' });
  t.end();
});

t.test('an upgrade keeps credit, count and rate', (t) => {
  using h = ElementHarness.create('RatedUnqueue', ['10']);
  h.supply(0, frames(100));
  h.write('rate', '20');
  t.equal(passedIn(h, 1), 1);
  t.equal(passedIn(h, 25), 0);
  h.upgrade();
  t.equal(passedIn(h, 24), 0);
  t.equal(passedIn(h, 1), 1, '50 ms after the first');
  t.same([h.read('count'), h.read('rate')], ['2', '20']);
  t.end();
});
