import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const numbered = (n: number, first = 0) =>
  Array.from({ length: n }, (_, i) => new Uint8Array([(first + i) % 256]));
const firstBytes = (packets: { data: Uint8Array }[]) => packets.map((p) => p.data[0]);
const values = (h: ElementHarness, ...names: string[]) => names.map((name) => Number(h.read(name)));

t.test('gives packets in the order in which they came', (t) => {
  using h = ElementHarness.create('Queue');
  h.push(0, numbered(5));
  h.push(0, numbered(2, 5));
  t.same(values(h, 'length', 'capacity', 'highwater_length', 'drops'), [7, 1000, 7, 0]);
  t.same(firstBytes(h.pull(0, 3)), [0, 1, 2]);
  t.same(firstBytes(h.pull(0, 32)), [3, 4, 5, 6]);
  t.same(h.pull(0, 32), []);
  t.same(values(h, 'length', 'highwater_length'), [0, 7]);
  t.end();
});

t.test('drops what comes when it is full', (t) => {
  using h = ElementHarness.create('Queue', ['CAPACITY 5']);
  const free = h.freePackets();
  h.push(0, numbered(8));
  h.push(0, numbered(1));
  t.same(h.drops(), { full: 4 });
  t.same(values(h, 'length', 'drops', 'highwater_length'), [5, 4, 5]);
  t.same(firstBytes(h.pull(0)), [0, 1, 2, 3, 4]);
  t.equal(h.freePackets(), free);
  h.push(0, numbered(2));
  h.write('reset_counts');
  t.same(values(h, 'drops', 'highwater_length'), [0, 2]);
  t.end();
});

t.test('sends what it cannot take to output 1, if that is connected', (t) => {
  using h = ElementHarness.create('Queue', ['3'], { outputs: 2 });
  h.push(0, numbered(5));
  t.same(firstBytes(h.output(1)), [3, 4]);
  t.same([h.drops(), h.read('drops')], [{}, '2']);
  t.end();
});

t.test('reset drops what waits', (t) => {
  using h = ElementHarness.create('Queue');
  const free = h.freePackets();
  for (let i = 0; i < 3; ++i) h.push(0, numbered(200));
  h.write('reset');
  t.same([h.read('length'), h.drops(), h.freePackets()], ['0', { emptied: 600 }, free]);
  h.write('reset');
  t.same(h.drops(), { emptied: 600 });
  t.end();
});

t.test('the capacity can be changed while packets wait', (t) => {
  using h = ElementHarness.create('Queue', ['10']);
  h.push(0, numbered(8));
  h.write('capacity', '4');
  h.push(0, numbered(1, 100));
  t.same([h.read('length'), h.drops()], ['8', { full: 1 }], 'what waits stays');
  h.write('capacity', '16');
  h.push(0, numbered(20, 8));
  t.same(
    firstBytes(h.pull(0)),
    Array.from({ length: 16 }, (_, i) => i),
  );
  t.throws(() => h.write('capacity', '17'), { message: /from 1 to 16/ });
  t.throws(() => h.write('capacity', '0'));
  t.throws(() => ElementHarness.create('Queue', ['0']), { code: 'HC_CONFIGURE_FAILED' });
  t.end();
});

t.test('packets go round the ring many times without loss', (t) => {
  using h = ElementHarness.create('Queue', ['7']);
  let put = 0;
  let got = 0;
  for (let i = 0; i < 200; ++i) {
    h.push(0, numbered(1 + (i % 3), put));
    put += 1 + (i % 3);
    for (const p of h.pull(0, 1 + (i % 4))) t.equal(p.data[0], got++ % 256);
  }
  for (const p of h.pull(0)) t.equal(p.data[0], got++ % 256);
  t.same([got, h.drops()], [put, {}]);
  t.end();
});

t.test('an upgrade keeps packets, counts and capacity', (t) => {
  using h = ElementHarness.create('Queue', ['10']);
  h.push(0, numbered(12));
  h.write('capacity', '12');
  h.upgrade();
  h.push(0, numbered(4, 50));
  t.same(values(h, 'length', 'capacity', 'drops', 'highwater_length'), [12, 12, 4, 12]);
  h.upgrade(undefined, ['2000']);
  h.push(0, numbered(5, 60));
  t.same(values(h, 'length', 'capacity'), [17, 2000]);
  t.same(firstBytes(h.pull(0)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50, 51, 60, 61, 62, 63, 64]);
  t.end();
});
