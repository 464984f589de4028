import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const frame = new Uint8Array(60);

t.test('paints packets that are pushed and pulled', (t) => {
  using h = ElementHarness.create('Paint', ['3']);
  h.push(0, [frame, { data: frame, paint: 9 }]);
  h.supply(0, [frame]);
  t.same(
    [...h.output(0), ...h.pull(0)].map((p) => p.paint),
    [3, 3, 3],
  );
  t.end();
});

t.test('the colour can be changed, and an upgrade keeps it unless the argument is new', (t) => {
  using h = ElementHarness.create('Paint', ['3']);
  h.write('color', '200');
  t.throws(() => h.write('color', '256'));
  h.upgrade();
  h.push(0, [frame]);
  t.same([h.output(0)[0]!.paint, h.read('color')], [200, '200']);
  h.upgrade(undefined, ['COLOR 4']);
  t.equal(h.read('color'), '4');
  t.end();
});

t.test('ANNO names another annotation of one byte', (t) => {
  for (const [anno, field] of [
    ['ICMP_PARAMPROB', 'icmpParameter'],
    ['17', 'icmpParameter'],
    ['FIX_IP_SRC', 'fixIpSource'],
    ['PAINT', 'paint'],
  ] as const) {
    using h = ElementHarness.create('Paint', ['5', anno]);
    h.push(0, [frame]);
    t.equal(h.output(0)[0]![field], 5, anno);
  }
  using user = ElementHarness.create('Paint', ['5', 'ANNO 47']);
  user.push(0, [frame]);
  t.equal(user.output(0)[0]!.paint, 0);
  t.end();
});

t.test('refuses colours and annotations that do not exist', (t) => {
  const fails = { code: 'HC_CONFIGURE_FAILED' };
  t.throws(() => ElementHarness.create('Paint', []), fails);
  t.throws(() => ElementHarness.create('Paint', ['256']), fails);
  t.throws(() => ElementHarness.create('Paint', ['1', '48']), { ...fails, message: /ANNO/ });
  t.throws(() => ElementHarness.create('Paint', ['1', 'COLOUR']), { ...fails, message: /COLOUR/ });
  t.end();
});
