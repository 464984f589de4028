import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { ipv4Udp } from '../../../engine/testing/frames.ts';

const packet = ipv4Udp({ link: false });

t.test('routes the table of the standard IP router', async (t) => {
  const routes = [
    '18.26.4.24/32 0',
    '18.26.4.255/32 0',
    '18.26.4.0/32 0',
    '18.26.7.1/32 0',
    '18.26.7.255/32 0',
    '18.26.7.0/32 0',
    '18.26.4.0/24 1',
    '18.26.7.0/24 2',
    '0.0.0.0/0 18.26.4.1 1',
  ];
  using h = ElementHarness.create('StaticIPLookup', routes, { outputs: 3 });
  const destinations = ['18.26.4.24', '18.26.4.255', '18.26.4.77', '18.26.7.3', '18.26.7.255', '2.0.0.2'];
  h.push(
    0,
    destinations.map((destination) => ({ data: packet, destination })),
  );
  const left = [0, 1, 2].map((port) => h.output(port).map((p) => p.destination));
  t.strictSame(left, [
    ['18.26.4.24', '18.26.4.255', '18.26.7.255'],
    ['18.26.4.77', '18.26.4.1'],
    ['18.26.7.3'],
  ]);
});

t.test('the table handler lists the routes', async (t) => {
  using h = ElementHarness.create('StaticIPLookup', ['10.0.0.0/8 1', '0.0.0.0/0 10.0.0.1 0'], { outputs: 2 });
  t.equal(h.read('table'), '10.0.0.0/8\t-\t1\n0.0.0.0/0\t10.0.0.1\t0\n');
});

t.test('without routes everything is dropped', async (t) => {
  using h = ElementHarness.create('StaticIPLookup', [], { outputs: 1 });
  h.push(0, [packet]);
  t.strictSame(h.drops(), { 'no route': 1 });
});
