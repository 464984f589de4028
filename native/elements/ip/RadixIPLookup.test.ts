import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

const packet = ipv4Udp({ link: false });
const to = (destination: string) => ({ data: packet, destination });
const create = (routes: string[], outputs = 4) => ElementHarness.create('RadixIPLookup', routes, { outputs });

const lookup = (h: ElementHarness, address: string) => h.read('lookup', address);

t.test('the longest prefix decides, whatever the order of the routes', async (t) => {
  const routes = ['0.0.0.0/0 0', '18.0.0.0/8 1', '18.26.0.0/16 2', '18.26.4.0/24 3', '18.26.4.9/32 1'];
  const destinations = ['1.1.1.1', '18.1.1.1', '18.26.1.1', '18.26.4.1', '18.26.4.9'];
  for (const list of [routes, routes.toReversed()]) {
    using h = create(list);
    t.strictSame(
      destinations.map((d) => lookup(h, d)),
      ['0', '1', '2', '3', '1'],
    );
  }
});

t.test('lookup needs an address, and other handlers take no parameter', async (t) => {
  using h = create(['10.0.0.0/8 0']);
  t.throws(() => h.read('lookup'), /IPv4/);
  t.throws(() => h.read('lookup', 'x'), /IPv4/);
  t.throws(() => h.read('table', '10.0.0.1'), /takes no parameter/);
});

t.test('a gateway becomes the destination annotation, otherwise it stays', async (t) => {
  using h = create(['10.0.0.0/8 0', '0.0.0.0/0 18.26.4.1 1']);
  h.push(0, [to('10.1.2.3'), to('99.1.2.3')]);
  t.equal(h.output(0)[0]?.destination, '10.1.2.3');
  t.equal(h.output(1)[0]?.destination, '18.26.4.1');
});

t.test('packets without a route are dropped', async (t) => {
  using h = create(['10.0.0.0/8 0']);
  h.push(0, [to('11.0.0.1'), to('0.0.0.0'), to('255.255.255.255'), to('10.0.0.0')]);
  t.equal(h.output(0).length, 1);
  t.strictSame(h.drops(), { 'no route': 3 });
});

t.test('a batch for many outputs is split in order', async (t) => {
  using h = create(['0.0.0.0/2 0', '64.0.0.0/2 1', '128.0.0.0/2 2', '192.0.0.0/2 3']);
  const first = (i: number) => (i * 37) % 256;
  h.push(
    0,
    Array.from({ length: 256 }, (_, i) => to(`${first(i)}.0.0.1`)),
  );
  for (let port = 0; port < 4; port++) {
    const expected = Array.from({ length: 256 }, (_, i) => first(i)).filter((a) => a >> 6 === port);
    t.strictSame(
      h.output(port).map((p) => Number(p.destination.split('.')[0])),
      expected,
    );
  }
});

t.test('routes come and go by handler as in the manual of Click', async (t) => {
  using h = create([], 3);
  const at = () => lookup(h, '18.26.4.9');
  const steps: [string, string, string][] = [
    ['add', '18.26.0.0/16 1.0.0.1 0', '0 1.0.0.1'],
    ['add', '18.26.0.0/18 2.0.0.2 1', '1 2.0.0.2'],
    ['add', '18.26.0.0/17 3.0.0.3 2', '1 2.0.0.2'],
    ['remove', '18.26.0.0/18 2.0.0.2 1', '2 3.0.0.3'],
    ['remove', '18.26.0.0/16 1.0.0.1 0', '2 3.0.0.3'],
    ['add', '18.16.0.0/12 4.0.0.4 0', '2 3.0.0.3'],
    ['remove', '18.26.0.0/17', '0 4.0.0.4'],
    ['add', '18.26.4.9/32 5.0.0.5 0', '0 5.0.0.5'],
    ['remove', '18.26.4.9/32 5.0.0.5 0', '0 4.0.0.4'],
    ['set', '18.16.0.0/12 7.0.0.7 0', '0 7.0.0.7'],
    ['remove', '18.16.0.0/12 7.0.0.7 0', '-1'],
  ];
  for (const [handler, value, expected] of steps) {
    h.write(handler, value);
    t.equal(at(), expected, `${handler} ${value}`);
  }
  t.equal(h.read('table'), '');
});

t.test('mistakes in handlers are refused and change nothing', async (t) => {
  using h = create(['10.0.0.0/8 1']);
  const wrong: [string, string, RegExp][] = [
    ['add', '10.0.0.0/8 2', /already/],
    ['add', '11.0.0.0/8 4', /out of range/],
    ['add', '11.0.0.0/8', /ADDR\/MASK/],
    ['add', '11.0.0.0/8 1.2.3.4 1 more', /ADDR\/MASK/],
    ['add', '', /ADDR\/MASK/],
    ['add', '11.0.0.0/255.0.255.0 1', /mask/],
    ['add', '11.0.0.0/33 1', /prefix/],
    ['set', '11.0.0.0/8 x', /number/],
    ['remove', '11.0.0.0/8', /no route/],
    ['remove', '10.0.0.0/9', /no route/],
    ['remove', '10.0.0.0/8 2', /another gateway or output/],
    ['remove', '10.0.0.0/8 1.1.1.1 1', /another gateway or output/],
  ];
  for (const [handler, value, message] of wrong)
    t.throws(() => h.write(handler, value), message, `${handler} ${value}`);
  t.equal(h.read('table'), '10.0.0.0/8\t-\t1\n');
});

t.test('ctrl does all of its lines or none', async (t) => {
  using h = create(['10.0.0.0/8 1', '11.0.0.0/8 2.2.2.2 2']);
  const before = h.read('table').split('\n').sort();
  const failing =
    'add 12.0.0.0/8 1\nset 10.0.0.0/8 3\nremove 11.0.0.0/8\n\nremove 11.0.0.0/8\nadd 13.0.0.0/8 1';
  t.throws(() => h.write('ctrl', failing), /line 5: there is no route for 11\.0\.0\.0\/8/);
  t.strictSame(h.read('table').split('\n').sort(), before);
  t.throws(
    () => h.write('ctrl', 'add 12.0.0.0/8 1\ndelete 12.0.0.0/8'),
    /line 2: expected 'add', 'set' or 'remove'/,
  );
  h.write('ctrl', 'add 12.0.0.0/8 1\nset 10.0.0.0/8 3\nremove 11.0.0.0/8');
  t.strictSame(
    ['10.1.1.1', '11.1.1.1', '12.1.1.1'].map((a) => lookup(h, a)),
    ['3', '-1', '1'],
  );
});

t.test('flush takes every route out', async (t) => {
  using h = create(['10.0.0.0/8 1', '0.0.0.0/0 2']);
  h.write('add', '12.0.0.0/8 3');
  h.write('flush');
  t.equal(h.read('table'), '');
  t.equal(lookup(h, '10.1.1.1'), '-1');
});

t.test('a later argument for the same prefix replaces an earlier one; host bits do not matter', async (t) => {
  using h = create(['10.0.0.0/8 1', '10.9.9.9/8 1.1.1.1 2', '10.0.0.0/255.0.0.0 - 3']);
  t.equal(h.read('table'), '10.0.0.0/8\t-\t3\n');
});

t.test('what handlers changed lives through an upgrade, arguments may change beneath', async (t) => {
  using h = create(['10.0.0.0/8 0', '11.0.0.0/8 0', '12.0.0.0/8 0']);
  h.write('add', '13.1.0.0/16 9.9.9.9 1');
  h.write('set', '11.0.0.0/8 2');
  h.write('remove', '12.0.0.0/8');
  h.write('add', '14.0.0.0/8 3');
  h.write('remove', '14.0.0.0/8');
  const look = () => ['10.1.1.1', '11.1.1.1', '12.1.1.1', '13.1.1.1', '14.1.1.1'].map((a) => lookup(h, a));
  const expected = ['0', '2', '-1', '1 9.9.9.9', '-1'];
  t.strictSame(look(), expected);
  h.upgrade();
  t.strictSame(look(), expected);
  h.upgrade(undefined, ['10.0.0.0/8 3', '11.0.0.0/8 3', '12.0.0.0/8 3', '14.0.0.0/8 3']);
  t.strictSame(look(), ['3', '2', '-1', '1 9.9.9.9', '3']);
});

t.test('more routes than an upgrade may put in at once are put in by the task', async (t) => {
  using h = create([]);
  const lines = Array.from({ length: 5000 }, (_, i) => `add 10.${i >> 8}.${i & 255}.0/24 ${i % 4}`);
  h.write('ctrl', lines.join('\n'));
  h.upgrade();
  h.run(100);
  t.equal(h.run(), 0, 'the task has ended');
  h.push(0, [to('10.19.135.1'), to('10.0.1.7')]);
  t.equal(h.output(3).length + h.output(1).length, 2);
  t.equal(h.read('table').trim().split('\n').length, 5000);
});

t.test('random routes in and out agree with a plain search', async (t) => {
  const seed = Date.now() % 0x7fffffff;
  t.comment(`seed ${seed}`);
  let state = seed || 1;
  const random = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const text = (a: number) => [24, 16, 8, 0].map((s) => (a >>> s) & 255).join('.');
  const mask = (bits: number) => (bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0);
  // Addresses close together, so that prefixes of all lengths nest.
  const address = () => (0x0a000000 | (random(3) << 16) | (random(3) << 8) | random(256)) >>> 0;
  const routes = new Map<string, { net: number; bits: number; port: number }>();
  using h = create([]);
  for (let round = 0; round < 600; round++) {
    const bits = [0, 7, 8, 14, 15, 16, 17, 20, 23, 24, 25, 27, 30, 31, 32][random(15)]!;
    const net = (address() & mask(bits)) >>> 0;
    const key = `${text(net)}/${bits}`;
    if (routes.has(key) && random(2)) {
      h.write('remove', key);
      routes.delete(key);
    } else {
      const port = random(4);
      h.write('set', `${key} ${port}`);
      routes.set(key, { net, bits, port });
    }
    const probes = Array.from({ length: 16 }, address);
    const expected = probes.map((a) => {
      const covering = [...routes.values()].filter((r) => (a & mask(r.bits)) >>> 0 === r.net);
      return covering.sort((x, y) => y.bits - x.bits)[0]?.port ?? -1;
    });
    h.push(
      0,
      probes.map((a) => to(text(a))),
    );
    const found = new Map<string, number>();
    for (let port = 0; port < 4; port++) for (const p of h.output(port)) found.set(p.destination, port);
    const wrong = probes.findIndex((a, i) => (found.get(text(a)) ?? -1) !== expected[i]);
    if (wrong >= 0)
      return t.fail(`round ${round}: ${text(probes[wrong]!)} should leave by ${expected[wrong]}`);
  }
  t.equal(h.read('table').trim().split('\n').length, routes.size);
});

t.test('wrong routes are refused with what is wrong', async (t) => {
  const wrong: [string, RegExp][] = [
    ['10.0.0.0/8', /ADDR\/MASK \[GATEWAY\] PORT/],
    ['10.0.0.0/8 4', /out of range/],
    ['10.0.0.0/8 1.2.3 1', /IPv4 address/],
    ['10.0.0/40 1', /prefix/],
  ];
  for (const [route, message] of wrong) t.throws(() => create(['0.0.0.0/0 0', route]), message, route);
});
