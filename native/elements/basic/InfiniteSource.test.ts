import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const source = (...args: string[]) => ElementHarness.create('InfiniteSource', args, { inputs: 0 });

t.test('sends BURST packets of DATA each time it runs, up to LIMIT', (t) => {
  using h = source('DATA \\<0800 0102>', 'LIMIT 10', 'BURST 4');
  t.equal(h.run(), 1);
  const first = h.output(0);
  t.equal(first.length, 4);
  t.same([...first[0]!.data], [8, 0, 1, 2]);
  t.equal(h.run(5), 2, 'then 4 and 2 packets');
  t.equal(h.output(0).length, 6);
  t.equal(h.read('count'), '10');
  t.end();
});

t.test('positional arguments are DATA, LIMIT, BURST, ACTIVE; the defaults are those of the manual', (t) => {
  using h = source('abc', '7', '3', 'false');
  t.same(
    ['data', 'limit', 'burst', 'active'].map((name) => h.read(name)),
    ['abc', '7', '3', 'false'],
  );
  using plain = source();
  t.same(
    ['limit', 'burst', 'active', 'length'].map((name) => plain.read(name)),
    ['-1', '1', 'true', '-1'],
  );
  plain.run();
  t.ok(plain.output(0)[0]!.data.length >= 64);
  t.end();
});

t.test('LENGTH cuts or repeats DATA, whatever the length', (t) => {
  for (const length of [0, 1, 2, 5, 63, 64, 65, 128, 1500, 1728]) {
    using h = source('DATA abc', `LENGTH ${length}`, 'LIMIT 1');
    h.run();
    const want = 'abc'.repeat(600).slice(0, length);
    t.equal(Buffer.from(h.output(0)[0]!.data).toString(), want, `${length} bytes`);
  }
  t.end();
});

t.test('the timestamp annotation is the current time, with TIMESTAMP false there is none', (t) => {
  using none = source('TIMESTAMP false', 'LIMIT 1');
  none.run();
  t.equal(none.output(0)[0]!.timestamp, 0n);
  using h = source('LIMIT 1');
  h.run();
  const now = BigInt(Date.now()) * 1_000_000n;
  const seen = h.output(0)[0]!.timestamp;
  t.ok(seen > now - 60_000_000_000n && seen <= now + 60_000_000_000n);
  t.end();
});

t.test('gives a puller as many packets as it asks for', (t) => {
  using h = source('LIMIT 50');
  t.equal(h.pull(0, 32).length, 32);
  t.equal(h.pull(0, 32).length, 18);
  t.equal(h.pull(0, 32).length, 0);
  t.equal(h.read('count'), '50');
  t.end();
});

t.test('handlers change data, length, limit, burst and activity while it runs', (t) => {
  using h = source('LIMIT 2', 'BURST 2');
  h.run(3);
  t.equal(h.output(0).length, 2);
  h.write('limit', '5');
  h.write('data', 'xy');
  h.write('length', '3');
  h.run(4);
  t.same(
    h.output(0).map((p) => Buffer.from(p.data).toString()),
    ['xyx', 'xyx', 'xyx'],
  );
  h.write('reset');
  t.equal(h.read('count'), '0');
  h.write('active', 'false');
  t.equal(h.run(), 0);
  h.write('burst', '5');
  h.write('active', 'true');
  t.equal(h.run(), 1);
  t.equal(h.output(0).length, 5);
  t.end();
});

t.test('STOP and END_CALL come once, after the last packet', (t) => {
  using h = source('LIMIT 2', 'END_CALL element.data done');
  h.run(1);
  t.not(h.read('data'), 'done');
  h.run(5);
  t.equal(h.read('data'), 'done', 'the handler was called');
  h.write('data', 'again');
  h.run(3);
  t.equal(h.read('data'), 'again', 'and not a second time');
  t.same(h.printed(), []);
  t.end();
});

t.test('says in the log when END_CALL fails', (t) => {
  using h = source('LIMIT 0', 'END_CALL nobody.home');
  h.run(2);
  t.match(h.printed().join('\n'), /nobody\.home/);
  t.end();
});

t.test('refuses what cannot be sent', (t) => {
  const fails = { code: 'HC_CONFIGURE_FAILED' };
  t.throws(() => source('LENGTH 1729'), fails);
  t.throws(() => source('BURST 0'), { ...fails, message: /burst size must be >= 1/ });
  t.throws(() => source('STOP true', 'END_CALL a.b'), { ...fails, message: /mutually exclusive/ });
  using h = source('BURST 2');
  t.throws(() => h.write('burst', '0'));
  t.throws(() => h.write('length', '5000'));
  t.throws(() => h.write('limit', 'many'));
  t.same([h.read('burst'), h.read('length'), h.read('limit')], ['2', '-1', '-1']);
  t.end();
});

t.test('an upgrade goes on counting and keeps what handlers changed', (t) => {
  using h = source('LIMIT 10', 'BURST 3');
  h.run();
  h.write('limit', '5');
  h.upgrade();
  t.equal(h.read('count'), '3');
  h.run(3);
  t.equal(h.output(0).length, 5);
  h.write('active', 'false');
  h.upgrade(undefined, ['LIMIT 20', 'BURST 3']);
  t.same([h.read('limit'), h.read('active'), h.read('count')], ['20', 'false', '5'], 'a new argument counts');
  t.end();
});

t.test('stops, and loses nothing, when the pool is empty', (t) => {
  using h = source('BURST 256');
  const free = h.freePackets();
  t.equal(h.run(32), Math.ceil(free / 256));
  t.equal(h.read('count'), String(free));
  t.equal(h.output(0).length, free);
  t.equal(h.freePackets(), free);
  t.end();
});
