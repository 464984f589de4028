import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const frames = (n: number, length = 100) =>
  Array.from({ length: n }, (_, i) => new Uint8Array(length).fill(i));

t.test('counts packets and bytes that are pushed and pulled, and passes them unchanged', (t) => {
  using h = ElementHarness.create('Counter');
  h.push(0, [new Uint8Array([1, 2, 3]), new Uint8Array(60)]);
  h.supply(0, [new Uint8Array([4, 5])]);
  t.same(
    h.output(0).map((p) => p.data.length),
    [3, 60],
  );
  t.same([...h.pull(0)[0]!.data], [4, 5]);
  t.same([h.read('count'), h.read('byte_count')], ['3', '65']);
  for (const reset of ['reset', 'reset_counts']) {
    h.push(0, frames(1));
    h.write(reset);
    t.same([h.read('count'), h.read('byte_count'), h.read('rate')], ['0', '0', '0'], reset);
  }
  t.end();
});

t.test('the rates settle at what passes, and fall to zero after it', (t) => {
  using h = ElementHarness.create('Counter');
  t.equal(h.read('rate'), '0');
  for (let i = 0; i < 200; ++i) {
    h.push(0, frames(10));
    h.output(0);
    h.advance(100);
  }
  t.ok(Math.abs(Number(h.read('rate')) - 100) <= 1, `${h.read('rate')} packets a second`);
  t.ok(Math.abs(Number(h.read('byte_rate')) - 10000) <= 100);
  t.ok(Math.abs(Number(h.read('bit_rate')) - 80000) <= 800);
  h.advance(1600);
  const later = Number(h.read('rate'));
  t.ok(later > 10 && later < 70, `${later} after a while`);
  h.advance(200_000);
  t.same([h.read('rate'), h.read('byte_rate'), h.read('bit_rate')], ['0', '0', '0']);
  t.end();
});

t.test('COUNT_CALL is made after the packets before have left and before its own leaves', (t) => {
  using h = ElementHarness.create('Counter', ['COUNT_CALL 5 element.byte_count_call 1000000 nobody.here']);
  h.push(0, frames(8));
  t.same(
    h.output(0).map((p) => p.data[0]),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  t.same(h.printed(), []);
  h.write('count_call', '10 nobody.here');
  h.push(0, frames(1));
  t.same(h.printed(), []);
  h.push(0, frames(1));
  t.match(h.printed()[0], /nobody\.here/, 'called at packet 10');
  h.push(0, frames(20));
  t.same(h.printed(), [], 'and once');
  t.end();
});

t.test('COUNT_CALL also comes when packets are pulled', (t) => {
  using h = ElementHarness.create('Counter', ['COUNT_CALL 3 element.reset']);
  h.supply(0, frames(5));
  let got = 0;
  for (let n = -1; n !== 0; got += n) n = h.pull(0, 32).length;
  t.equal(got, 5);
  t.equal(h.read('count'), '2', 'the third packet reset the count');
  t.end();
});

t.test('BYTE_COUNT_CALL is made when the bytes get there', (t) => {
  using h = ElementHarness.create('Counter', ['BYTE_COUNT_CALL 250 element.reset']);
  h.push(0, frames(4));
  t.equal(h.output(0).length, 4);
  t.same([h.read('count'), h.read('byte_count')], ['1', '100']);
  t.end();
});

t.test('call arguments that make no sense are refused', (t) => {
  for (const wrong of ['5', 'x a.b', `5 ${'a'.repeat(300)}`]) {
    t.throws(() => ElementHarness.create('Counter', [`COUNT_CALL ${wrong}`]), {
      code: 'HC_CONFIGURE_FAILED',
    });
  }
  using h = ElementHarness.create('Counter', ['COUNT_CALL 5 element.reset']);
  h.write('count_call', '2');
  h.push(0, frames(2));
  t.equal(h.read('count'), '0', 'the handler given before was kept');
  t.end();
});

t.test('an upgrade keeps counts and rates', (t) => {
  using h = ElementHarness.create('Counter');
  for (let i = 0; i < 50; ++i) {
    h.push(0, frames(10));
    h.output(0);
    h.advance(100);
  }
  const before = ['count', 'byte_count', 'rate', 'byte_rate'].map((name) => h.read(name));
  h.upgrade();
  t.same(
    ['count', 'byte_count', 'rate', 'byte_rate'].map((name) => h.read(name)),
    before,
  );
  h.push(0, frames(1));
  t.equal(h.read('count'), '501');
  t.end();
});
