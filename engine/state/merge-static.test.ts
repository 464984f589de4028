import t from 'tap';
import type { FieldInfo } from '../graph/element-class.ts';
import { mergeStatic } from './merge-static.ts';

type Merge = NonNullable<FieldInfo['merge']>;

function layout(...fields: [name: string, type: string, size: number, merge?: Merge][]) {
  let offset = 0;
  const placed = fields.map(([name, type, size, merge]): FieldInfo => {
    offset += size;
    return { name, type, size, offset: offset - size, ...(merge ? { merge } : {}) };
  });
  return {
    kind: 'static' as const,
    className: 'Counter',
    classVersion: '1.0.0',
    valueSchema: { version: 1, size: offset, fields: placed },
    recordSize: offset,
    valueOffset: 0,
  };
}

t.test('each field is merged as its schema declares', (t) => {
  const schema = layout(
    ['n', 'u64', 8, 'sum'],
    ['top', 'u32', 4, 'max'],
    ['low', 'i32', 4, 'min'],
    ['kept', 'u16', 2],
    ['f', 'f64', 8, 'sum'],
  );
  const value = (n: bigint, top: number, low: number, kept: number, f: number) => {
    const data = new Uint8Array(26);
    const view = new DataView(data.buffer);
    view.setBigUint64(0, n, true);
    view.setUint32(8, top, true);
    view.setInt32(12, low, true);
    view.setUint16(16, kept, true);
    view.setFloat64(18, f, true);
    return { layout: schema, data };
  };
  const into = value(2n ** 63n, 7, -3, 1, 0.5);
  t.same(
    mergeStatic(into, value(2n ** 62n + 1n, 9, 4, 2, 1.25)).data,
    value(2n ** 63n + 2n ** 62n + 1n, 9, -3, 1, 1.75).data,
  );
  t.same(mergeStatic(into, value(0n, 1, -9, 2, 0)).data, value(2n ** 63n, 7, -9, 1, 0.5).data);
  t.same(into.data, value(2n ** 63n, 7, -3, 1, 0.5).data, 'the value given is not changed');
  t.end();
});

t.test('fields are found by name, also in another layout', (t) => {
  const into = {
    layout: layout(['a', 'u32', 4, 'sum'], ['b', 'u32', 4, 'sum']),
    data: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0),
  };
  const from = { layout: layout(['b', 'u32', 4, 'sum']), data: Uint8Array.of(5, 0, 0, 0) };
  t.same(mergeStatic(into, from).data, Uint8Array.of(1, 0, 0, 0, 7, 0, 0, 0));
  t.end();
});
