/**
 * Static values of shards that are no more: what they counted goes on in a shard that stays, so that the sums of all
 * shards do not fall when an engine starts with fewer. A schema says of each field what becomes of it.
 */
import type { FieldInfo } from '../graph/element-class.ts';
import type { StateLayout } from './state-page.ts';

export interface StaticValue {
  readonly layout: StateLayout;
  readonly data: Uint8Array;
}

/** `into` with the fields of `from` merged in, as the schema of `into` declares; the others stay as they are. */
export function mergeStatic(into: StaticValue, from: StaticValue): StaticValue {
  const data = Uint8Array.from(into.data);
  for (const field of into.layout.valueSchema.fields) {
    const other = from.layout.valueSchema.fields.find(
      ({ name, type }) => name === field.name && type === field.type,
    );
    if (field.merge === undefined || other === undefined) continue;
    write(data, field, merge(field.merge, read(data, field), read(from.data, other)));
  }
  return { layout: into.layout, data };
}

type Merge = NonNullable<FieldInfo['merge']>;

function merge(how: Merge, a: number | bigint, b: number | bigint): number | bigint {
  if (how === 'sum') return typeof a === 'bigint' ? a + BigInt(b) : a + Number(b);
  return (how === 'max') === a > b ? a : b;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** A floating-point number, or a whole one of any width, little endian. */
function read(data: Uint8Array, { type, offset, size }: FieldInfo): number | bigint {
  if (type === 'f64') return viewOf(data).getFloat64(offset, true);
  let value = 0n;
  for (let i = size - 1; i >= 0; --i) value = (value << 8n) | BigInt(data[offset + i]!);
  return type.startsWith('i') ? BigInt.asIntN(8 * size, value) : value;
}

function write(data: Uint8Array, { offset, size }: FieldInfo, value: number | bigint): void {
  if (typeof value === 'number') {
    viewOf(data).setFloat64(offset, value, true);
    return;
  }
  for (let i = 0; i < size; ++i) data[offset + i] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)));
}
