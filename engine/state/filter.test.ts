import t from 'tap';
import { encodePage, rawRecords } from './decode.ts';
import { compileFilter, filterFields, parseFilter, unknownFields } from './filter.ts';
import type { StateLayout } from './state-page.ts';
import { flow, flowLayout, schemaOf } from './testing/sample-state.ts';

const records = [flow(1, 10), flow(2, 2 ** 40)];

/** Slots of the records that pass. */
function passing(filter: string, layout = flowLayout, data = encodePage(layout, 0, records)): number[] {
  const test = compileFilter(parseFilter(filter), layout);
  const passed = [...rawRecords(layout, 0, data)].filter((record) => test(record, 3));
  return passed.map(({ slot }) => slot);
}

t.test('conditions compare by the type of the field', async (t) => {
  t.same(passing('src=10.0.0.1'), [1]);
  t.same(passing('src!=10.0.0.1'), [2]);
  t.same(passing('dport == 80'), [2]);
  t.same(passing('packets>9'), [1, 2]);
  t.same(passing('packets>10'), [2], 'numbers, not digits');
  t.same(passing('packets<=0x10'), [1]);
  t.same(passing('packets<1099511627776'), [1]);
  t.same(passing('src<10.0.0.2'), [1], 'addresses by their number');
  t.same(passing('established=true'), [1, 2]);
  t.same(passing('note="flow 2"'), [2]);
  t.same(passing("note='flow 1'"), [1]);
  t.same(passing('last_seen>2026-11-20T12:00:00Z'), [1, 2]);
  t.same(passing('last_seen>=2026-11-20T12:00:00.5Z'), [1, 2]);
  t.same(passing('last_seen>2026-11-20T12:00:00.5Z'), []);
});

t.test('conditions are joined with &&', async (t) => {
  t.same(passing('dst=192.0.2.1 && dport=80'), [2]);
  t.same(passing('dport=80&&packets<5'), []);
  t.same(passing('note="a && b"'), [], 'but not within quotes');
});

t.test('addresses can be matched by prefix', async (t) => {
  t.same(passing('src in 10.0.0.0/24'), [1, 2]);
  t.same(passing('src in 10.0.0.2/31'), [2]);
  t.same(passing('src in 10.0.0.1'), [1]);
  t.same(passing('dst in 0.0.0.0/0'), [1, 2]);
  t.throws(() => passing('dport in 10.0.0.0/8'), { code: 'HC_ARGUMENT' });
  t.throws(() => passing('slot in 10.0.0.0/8'), { code: 'HC_ARGUMENT' });
});

t.test('IPv6 addresses too', async (t) => {
  const keySchema = schemaOf(1, ['host', 'ip6', 16]);
  const layout: StateLayout = {
    ...flowLayout,
    keySchema,
    valueOffset: 16,
    recordSize: 16 + flowLayout.valueSchema.size,
  };
  const host = (slot: number, address: string) => ({ ...flow(slot), key: { host: address } });
  const data = encodePage(layout, 0, [host(0, '2001:db8:1::1'), host(1, '2001:db8:2::1')]);
  t.same(passing('host in 2001:db8:1::/48', layout, data), [0]);
  t.same(passing('host in 2001:db8::/32', layout, data), [0, 1]);
  t.same(passing('host=2001:DB8:2:0::1', layout, data), [1]);
  t.throws(() => passing('host in 2001:db8::/129', layout, data), { code: 'HC_ARGUMENT' });
});

t.test('the record itself has fields: slot, shard, link and expires', async (t) => {
  t.same(passing('slot=2'), [2]);
  t.same(passing('shard=3'), [1, 2]);
  t.same(passing('shard=0'), []);
  t.same(passing('link>0'), []);
  t.same(passing('expires=never'), []);
  t.same(passing('expires>2026-11-20T12:59:59Z'), [1, 2]);
});

t.test('key and value can be named where both have a field', async (t) => {
  const valueSchema = schemaOf(1, ['dport', 'u16', 2]);
  const layout: StateLayout = { ...flowLayout, valueSchema, recordSize: flowLayout.valueOffset + 2 };
  const data = encodePage(layout, 0, [{ ...flow(2), value: { dport: 8080 } }]);
  t.same(passing('dport=80', layout, data), [2], 'the key goes first');
  t.same(passing('key.dport=80', layout, data), [2]);
  t.same(passing('value.dport=8080', layout, data), [2]);
  t.same(passing('value.dport=80', layout, data), []);
});

t.test('fields the layout does not have are told and match nothing', async (t) => {
  t.same(unknownFields(parseFilter('colour=red && dport=80 && slot=1'), flowLayout), ['colour']);
  t.same(passing('colour=red'), []);
  t.same(passing('colour!=red'), []);
  t.ok(filterFields(flowLayout).includes('packets'));
});

t.test('what is not a filter is refused with the part that is wrong', async (t) => {
  for (const filter of [
    '',
    'dport',
    'dport=',
    '=80',
    'dport=80 && ',
    'dport ~ 80',
    'note="open',
    'dport=80 || dport=443',
  ]) {
    t.throws(() => passing(filter), { code: 'HC_ARGUMENT' }, filter);
  }
  t.throws(() => passing('src=10.0.0'), { code: 'HC_ARGUMENT', message: /'10\.0\.0'/ });
  t.throws(() => passing('packets>many'), { code: 'HC_ARGUMENT', message: /whole number/ });
});
