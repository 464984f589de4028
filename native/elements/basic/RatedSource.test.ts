import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const source = (...args: string[]) => ElementHarness.create('RatedSource', args, { inputs: 0 });

/** Packets sent while `ms` pass in steps of `step`. */
function sentIn(h: ElementHarness, ms: number, step = 1): number {
  let sent = 0;
  for (let at = 0; at < ms; at += step) {
    h.advance(step);
    while (h.run() > 0) sent += h.output(0).length;
  }
  return sent;
}

t.test('sends RATE packets a second: one at once, then at equal distances', (t) => {
  using h = source('DATA abc', 'RATE 10');
  h.run();
  const [first] = h.output(0);
  t.equal(Buffer.from(first!.data).toString(), 'abc');
  t.ok(first!.timestamp > 0n);
  t.equal(sentIn(h, 99), 0);
  t.equal(sentIn(h, 1), 1, 'the second after 100 ms');
  t.equal(sentIn(h, 1000), 10);
  t.end();
});

t.test('keeps any rate exactly', (t) => {
  for (const rate of [1, 3, 7, 999, 1001, 33333]) {
    using h = source(`RATE ${rate}`);
    h.run();
    h.output(0);
    t.equal(sentIn(h, 3000, 5), 3 * rate, `${rate} packets a second`);
  }
  t.end();
});

t.test('what could not be sent in time is saved up for a hundredth of a second only', (t) => {
  using h = source('RATE 10000');
  h.advance(5000);
  let sent = 0;
  while (h.run() > 0) sent += h.output(0).length;
  t.equal(sent, 100);
  t.end();
});

t.test('stops at LIMIT, and goes on after reset', (t) => {
  using h = source('RATE 1000', 'LIMIT 5', 'STOP true');
  t.equal(sentIn(h, 100), 5);
  t.equal(h.read('count'), '5');
  h.write('reset');
  t.equal(sentIn(h, 100), 5);
  t.end();
});

t.test('gives a puller only what is due', (t) => {
  using h = source('RATE 1000');
  t.equal(h.pull(0, 32).length, 1);
  t.equal(h.pull(0, 32).length, 0);
  h.advance(4);
  t.equal(h.pull(0, 32).length, 4);
  t.end();
});

t.test('BANDWIDTH sets the rate by the length of a packet', (t) => {
  for (const [text, rate] of [
    ['1000', '10'],
    ['8kbps', '10'],
    ['100kBps', '1000'],
    ['8Mbps', '10000'],
  ] as const) {
    using h = source('LENGTH 100', `BANDWIDTH ${text}`);
    t.equal(h.read('rate'), rate, text);
  }
  t.throws(() => source('BANDWIDTH fast'), { code: 'HC_CONFIGURE_FAILED', message: /bandwidth/ });
  t.end();
});

t.test('handlers change rate, limit, data and activity', (t) => {
  using h = source('RATE 10');
  h.run();
  h.output(0);
  h.write('rate', '1k');
  t.equal(h.read('rate'), '1000');
  t.equal(sentIn(h, 100), 100);
  h.write('active', 'false');
  t.equal(sentIn(h, 1000, 10), 0);
  h.write('active', 'true');
  t.equal(sentIn(h, 10), 11, 'time of rest earns nothing: one at once, then the rate');
  h.write('rate', '0');
  t.equal(sentIn(h, 1000, 10), 0);
  h.write('data', 'zz');
  h.write('length', '5');
  t.same([h.read('data'), h.read('length')], ['zz', '5']);
  t.throws(() => h.write('rate', 'quick'));
  t.end();
});

t.test('an upgrade keeps count, credit and changed settings, and the timer goes on', (t) => {
  using h = source('RATE 10');
  h.run();
  h.output(0);
  h.write('rate', '20');
  t.equal(sentIn(h, 25), 0);
  h.upgrade();
  t.equal(sentIn(h, 24), 0);
  t.equal(sentIn(h, 1), 1, '50 ms after the first');
  t.same([h.read('count'), h.read('rate')], ['2', '20']);
  t.end();
});
