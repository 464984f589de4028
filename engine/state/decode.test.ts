import t from 'tap';
import {
  countRecords,
  dateOfTicks,
  decodePage,
  decodeStatic,
  encodePage,
  encodeStatic,
  type FieldValues,
  ticksOfDate,
} from './decode.ts';
import type { StateLayout } from './state-page.ts';
import { flow, flowLayout, flows, schemaOf } from './testing/sample-state.ts';

const everything: StateLayout = {
  kind: 'static',
  className: 'Everything',
  classVersion: '1.0.0',
  valueSchema: schemaOf(
    1,
    ['u8', 'u8', 1],
    ['u16', 'u16', 2],
    ['u32', 'u32', 4],
    ['u64', 'u64', 8],
    ['i8', 'i8', 1],
    ['i16', 'i16', 2],
    ['i32', 'i32', 4],
    ['i64', 'i64', 8],
    ['f64', 'f64', 8],
    ['bool', 'bool', 1],
    ['ip4', 'ip4', 4],
    ['ip6', 'ip6', 16],
    ['prefix4', 'prefix4', 8],
    ['ether', 'ether', 6],
    ['bytes', 'bytes', 3],
    ['text', 'text', 8],
    ['time', 'time', 8],
    ['duration', 'duration', 8],
    ['rate', 'rate', 8],
  ),
  recordSize: 108,
  valueOffset: 0,
};

const samples: FieldValues = {
  u8: 255,
  u16: 65535,
  u32: 4294967295,
  u64: '18446744073709551615',
  i8: -128,
  i16: -32768,
  i32: -2147483648,
  i64: '-9223372036854775808',
  f64: -0.125,
  bool: true,
  ip4: '192.0.2.255',
  ip6: '2001:db8::1:0',
  prefix4: '10.0.0.0/8',
  ether: '02:00:5e:00:53:01',
  bytes: '00ff10',
  text: 'grün',
  time: '2026-11-20T12:00:00.000000001Z',
  duration: '1.5s',
  rate: 50000,
};

t.test('every field type survives encoding and decoding', async (t) => {
  const bytes = encodeStatic(everything, samples);
  t.same(decodeStatic(everything, bytes), samples);
  t.same(JSON.parse(JSON.stringify(decodeStatic(everything, bytes))), samples, 'and JSON');
});

t.test('bytes are those of the C structure: little endian, addresses in network order', async (t) => {
  const layout = {
    ...everything,
    valueSchema: schemaOf(1, ['port', 'u16', 2], ['address', 'ip4', 4]),
    recordSize: 6,
  };
  const bytes = encodeStatic(layout, { port: 80, address: '10.0.0.1' });
  t.same([...bytes], [80, 0, 10, 0, 0, 1]);
});

t.test('values of 64 bits are numbers while they are exact', async (t) => {
  const layout = { ...everything, valueSchema: schemaOf(1, ['n', 'u64', 8]), recordSize: 8 };
  const roundTrip = (n: number | string) => decodeStatic(layout, encodeStatic(layout, { n })).n;
  t.equal(roundTrip(Number.MAX_SAFE_INTEGER), 9007199254740991);
  t.equal(roundTrip('9007199254740992'), '9007199254740992');
});

t.test('durations, times and prefixes are written the way people write them', async (t) => {
  const layout = {
    ...everything,
    valueSchema: schemaOf(1, ['d', 'duration', 8], ['t', 'time', 8], ['p', 'prefix4', 8]),
    recordSize: 24,
  };
  const write = (values: FieldValues) => decodeStatic(layout, encodeStatic(layout, values));
  t.match(write({ d: '0' }), { d: '0s', t: null, p: '0.0.0.0/0' });
  t.match(write({ d: '2h', p: '10.1.2.3' }), { d: '7200s', p: '10.1.2.3/32' });
  t.match(write({ d: '20ms', p: '10.0.0.0/255.0.255.0' }), { d: '20ms', p: '10.0.0.0/255.0.255.0' });
  t.match(write({ d: '1500us' }), { d: '1.5ms' });
  t.match(write({ d: '7ns' }), { d: '7ns' });
});

t.test('a value that does not fit its field is refused', async (t) => {
  for (const [field, value] of [
    ['u8', 256],
    ['u16', -1],
    ['u64', '18446744073709551616'],
    ['ip4', '10.0.0.256'],
    ['ether', '02:00'],
    ['bytes', '00112233'],
    ['text', 'much too long'],
    ['ip6', 'nonsense'],
    ['duration', 'soon'],
  ] as const) {
    t.throws(() => encodeStatic(everything, { [field]: value }), { code: 'HC_ARGUMENT' }, field);
  }
});

t.test('a type this version does not know is shown as bytes', async (t) => {
  const layout = {
    ...everything,
    valueSchema: schemaOf(1, ['x', 'u128', 2], ['y', 'u32', 2]),
    recordSize: 4,
  };
  t.same(decodeStatic(layout, Uint8Array.of(1, 2, 3, 4)), { x: '0102', y: '0304' });
});

t.test('a static value that is shorter than its layout has no fields beyond its end', async (t) => {
  const layout = { ...everything, valueSchema: schemaOf(1, ['a', 'u32', 4], ['b', 'u32', 4]), recordSize: 8 };
  t.same(decodeStatic(layout, Uint8Array.of(1, 0, 0, 0)), { a: 1, b: null });
});

t.test('a page is its live slots in order', async (t) => {
  const records = [flow(128 + 63, 3), { ...flow(128, 1), link: 77, expires: null }];
  const data = encodePage(flowLayout, 2, records);
  t.equal(data.length, 8 + 2 * (8 + flowLayout.recordSize));
  t.same([...data.subarray(0, 8)], [1, 0, 0, 0, 0, 0, 0, 0x80]);
  t.equal(countRecords(data), 2);
  t.same(decodePage(flowLayout, 2, data), [records[1], records[0]]);
  t.same(decodePage(flowLayout, 0, encodePage(flowLayout, 0, flows(0))), flows(0));
  t.same(decodePage(flowLayout, 0, encodePage(flowLayout, 0, [])), []);
});

t.test('a page is decoded wherever it lies in its buffer', async (t) => {
  const data = encodePage(flowLayout, 0, [flow(5)]);
  const buffer = new Uint8Array(data.length + 3);
  buffer.set(data, 3);
  t.same(decodePage(flowLayout, 0, buffer.subarray(3)), [flow(5)]);
});

t.test('a page whose length does not match its bitmap is refused', async (t) => {
  const data = encodePage(flowLayout, 0, [flow(5)]);
  for (const bad of [data.subarray(0, data.length - 1), data.subarray(0, 9), data.subarray(0, 3)]) {
    t.throws(() => decodePage(flowLayout, 0, bad), { code: 'HC_STORE', details: { reason: 'corrupt' } });
  }
});

t.test('expiry is kept in ticks and never shortened', async (t) => {
  t.equal(dateOfTicks(0), null);
  t.equal(ticksOfDate(null), 0);
  const date = new Date('2026-11-20T12:00:00.050Z');
  t.equal(dateOfTicks(ticksOfDate(date))?.toISOString(), '2026-11-20T12:00:00.100Z');
});
