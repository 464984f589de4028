/** Decodes and encodes the published bytes of tables and static state by their layout. */
import type { SchemaInfo } from '../graph/element-class.ts';
import { codecOf, type FieldValue } from './field-codec.ts';
import { type StateLayout, slotsPerPage, tickEpoch, tickMilliseconds } from './state-page.ts';
import { storeError } from './store-error.ts';

export type FieldValues = Record<string, FieldValue>;

export interface DecodedRecord {
  readonly slot: number;
  /** Null: it does not expire. */
  readonly expires: Date | null;
  readonly link: number;
  readonly key: FieldValues;
  readonly value: FieldValues;
}

/** A record of a page before it is decoded: `at` is where its key starts in `view`. */
export interface RawRecord {
  readonly view: DataView;
  readonly at: number;
  readonly slot: number;
  /** Ticks; see state-page.ts. */
  readonly expires: number;
  readonly link: number;
}

const bitmapSize = 8;
/** `expires` and `link` before the record. */
const recordHeaderSize = 8;

/** Number of live records in a page. */
export function countRecords(data: Uint8Array): number {
  if (data.length < bitmapSize) return 0;
  let count = 0;
  for (let i = 0; i < bitmapSize; i++) {
    for (let bits = data[i] ?? 0; bits !== 0; bits &= bits - 1) count++;
  }
  return count;
}

/** The live records of a page in the order of their slots. Errors: HC_STORE when the bytes do not fit the layout. */
export function* rawRecords(layout: StateLayout, page: number, data: Uint8Array): Generator<RawRecord> {
  if (data.length === 0) return;
  const stride = recordHeaderSize + layout.recordSize;
  const count = countRecords(data);
  if (data.length !== bitmapSize + count * stride) {
    throw storeError(
      'corrupt',
      `page ${page} of ${layout.className} has ${data.length} bytes for ${count} records of ${layout.recordSize}`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let at = bitmapSize;
  for (let bit = 0; bit < slotsPerPage; bit++) {
    if (((data[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) continue;
    yield {
      view,
      at: at + recordHeaderSize,
      slot: page * slotsPerPage + bit,
      expires: view.getUint32(at, true),
      link: view.getUint32(at + 4, true),
    };
    at += stride;
  }
}

export function decodeRecord(layout: StateLayout, record: RawRecord): DecodedRecord {
  const { view, at } = record;
  return {
    slot: record.slot,
    expires: dateOfTicks(record.expires),
    link: record.link,
    key: layout.keySchema === undefined ? {} : decodeFields(layout.keySchema, view, at, layout.valueOffset),
    value: decodeFields(
      layout.valueSchema,
      view,
      at + layout.valueOffset,
      layout.recordSize - layout.valueOffset,
    ),
  };
}

export function decodePage(layout: StateLayout, page: number, data: Uint8Array): DecodedRecord[] {
  return Array.from(rawRecords(layout, page, data), (record) => decodeRecord(layout, record));
}

/** The fields of a static state. */
export function decodeStatic(layout: StateLayout, data: Uint8Array): FieldValues {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return decodeFields(layout.valueSchema, view, 0, data.length);
}

/** The bytes of a page that holds `records`, which must belong to it. */
export function encodePage(layout: StateLayout, page: number, records: readonly DecodedRecord[]): Uint8Array {
  const stride = recordHeaderSize + layout.recordSize;
  const data = new Uint8Array(bitmapSize + records.length * stride);
  const view = new DataView(data.buffer);
  let at = bitmapSize;
  for (const record of [...records].sort((a, b) => a.slot - b.slot)) {
    const bit = record.slot - page * slotsPerPage;
    const index = bit >> 3;
    if (bit < 0 || bit >= slotsPerPage) throw new RangeError(`slot ${record.slot} is not in page ${page}`);
    data[index] = (data[index] ?? 0) | (1 << (bit & 7));
    view.setUint32(at, ticksOfDate(record.expires), true);
    view.setUint32(at + 4, record.link, true);
    if (layout.keySchema !== undefined)
      encodeFields(layout.keySchema, view, at + recordHeaderSize, record.key);
    encodeFields(layout.valueSchema, view, at + recordHeaderSize + layout.valueOffset, record.value);
    at += stride;
  }
  return data;
}

/** The bytes of a static state; fields that are not given are zero. */
export function encodeStatic(layout: StateLayout, values: FieldValues): Uint8Array {
  const data = new Uint8Array(layout.recordSize);
  encodeFields(layout.valueSchema, new DataView(data.buffer), 0, values);
  return data;
}

export function dateOfTicks(ticks: number): Date | null {
  return ticks === 0 ? null : new Date(tickEpoch + ticks * tickMilliseconds);
}

/** Rounded up, so that a time to live is never shortened. */
export function ticksOfDate(date: Date | null): number {
  return date === null ? 0 : Math.max(1, Math.ceil((date.getTime() - tickEpoch) / tickMilliseconds));
}

/** Fields that reach beyond `room` bytes are null: bytes of an older or damaged layout never lead outside. */
function decodeFields(schema: SchemaInfo, view: DataView, at: number, room: number): FieldValues {
  const values: FieldValues = {};
  for (const field of schema.fields) {
    const inside = field.offset + field.size <= room && at + field.offset + field.size <= view.byteLength;
    values[field.name] = inside ? codecOf(field).read(view, at + field.offset, field.size) : null;
  }
  return values;
}

function encodeFields(schema: SchemaInfo, view: DataView, at: number, values: FieldValues): void {
  for (const field of schema.fields) {
    const value = values[field.name];
    if (value !== undefined) codecOf(field).write(view, at + field.offset, field.size, value);
  }
}
