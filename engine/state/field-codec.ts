/** One codec per field type of a schema: bytes to JSON, JSON to bytes, and values that can be compared. */
import { Buffer } from 'node:buffer';
import { HotclickError } from '../errors.ts';
import type { FieldInfo } from '../graph/element-class.ts';
import * as text from './field-text.ts';

/** What a decoded field is: JSON can carry all of it. */
export type FieldValue = number | string | boolean | null;
/** What a filter compares; within one field type always the same JavaScript type. */
export type Ordered = bigint | number | string;

export interface FieldCodec {
  read(view: DataView, at: number, size: number): FieldValue;
  write(view: DataView, at: number, size: number, value: FieldValue): void;
  order(view: DataView, at: number, size: number): Ordered;
  /** A literal of a filter in the order of `order`. */
  parse(literal: string): Ordered;
}

type Get = (view: DataView, at: number) => number;
type Set = (view: DataView, at: number, value: number) => void;
type GetWide = (view: DataView, at: number) => bigint;

function integer(bits: number, signed: boolean, get: Get, set: Set): FieldCodec {
  return {
    read: get,
    write: (view, at, _size, value) => set(view, at, Number(inRange(value, bits, signed))),
    order: get,
    parse: (literal) => Number(text.parseInteger(literal)),
  };
}

function wide(
  signed: boolean,
  format: (value: bigint) => FieldValue,
  parse: (literal: string) => bigint,
): FieldCodec {
  const get: GetWide = signed
    ? (view, at) => view.getBigInt64(at, true)
    : (view, at) => view.getBigUint64(at, true);
  return {
    read: (view, at) => format(get(view, at)),
    write: (view, at, _size, value) => {
      const number = value === null ? 0n : typeof value === 'string' ? parse(value) : BigInt(value);
      view.setBigUint64(at, BigInt.asUintN(64, inRange(number, 64, signed)), true);
    },
    order: get,
    parse,
  };
}

function binary(format: (bytes: Uint8Array) => string, parse: (literal: string) => Uint8Array): FieldCodec {
  return {
    read: (view, at, size) => format(bytesOf(view, at, size)),
    write: (view, at, size, value) => {
      const bytes = parse(String(value));
      if (bytes.length > size) text.refuse(String(value), `at most ${size} bytes`);
      bytesOf(view, at, size).fill(0);
      bytesOf(view, at, size).set(bytes);
    },
    order: (view, at, size) => hex(bytesOf(view, at, size)),
    parse: (literal) => hex(parse(literal)),
  };
}

const ip4: FieldCodec = {
  read: (view, at) => text.formatIp4(view.getUint32(at)),
  write: (view, at, _size, value) => view.setUint32(at, text.parseIp4(String(value))),
  order: (view, at) => view.getUint32(at),
  parse: text.parseIp4,
};

const prefix4: FieldCodec = {
  read: (view, at) => text.formatPrefix4(view.getUint32(at), view.getUint32(at + 4)),
  write: (view, at, _size, value) => {
    const { address, mask } = text.parsePrefix4(String(value));
    view.setUint32(at, address);
    view.setUint32(at + 4, mask);
  },
  order: (view, at) => view.getBigUint64(at),
  parse: (literal) => {
    const { address, mask } = text.parsePrefix4(literal);
    return (BigInt(address) << 32n) | BigInt(mask);
  },
};

const f64: FieldCodec = {
  read: (view, at) => {
    const value = view.getFloat64(at, true);
    return Number.isFinite(value) ? value : String(value);
  },
  write: (view, at, _size, value) => view.setFloat64(at, Number(value), true),
  order: (view, at) => view.getFloat64(at, true),
  parse: (literal) => {
    const value = Number(literal);
    return Number.isNaN(value) || literal === '' ? text.refuse(literal, 'a number') : value;
  },
};

const bool: FieldCodec = {
  read: (view, at) => view.getUint8(at) !== 0,
  write: (view, at, _size, value) => view.setUint8(at, value === true ? 1 : 0),
  order: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  parse: (literal) => (text.parseBoolean(literal) ? 1 : 0),
};

/** Characters up to the first zero byte. */
const characters: FieldCodec = {
  read: readText,
  write: (view, at, size, value) => {
    const bytes = Buffer.from(String(value), 'utf8');
    if (bytes.length > size) text.refuse(String(value), `a text of at most ${size} bytes`);
    bytesOf(view, at, size).fill(0);
    bytesOf(view, at, size).set(bytes);
  },
  order: readText,
  parse: (literal) => literal,
};

const codecs: Readonly<Record<string, FieldCodec>> = {
  u8: integer(
    8,
    false,
    (view, at) => view.getUint8(at),
    (view, at, value) => view.setUint8(at, value),
  ),
  u16: integer(
    16,
    false,
    (view, at) => view.getUint16(at, true),
    (view, at, value) => view.setUint16(at, value, true),
  ),
  // As it stands in a packet.
  port: integer(
    16,
    false,
    (view, at) => view.getUint16(at),
    (view, at, value) => view.setUint16(at, value),
  ),
  u32: integer(
    32,
    false,
    (view, at) => view.getUint32(at, true),
    (view, at, value) => view.setUint32(at, value, true),
  ),
  u64: wide(false, text.exactNumber, text.parseInteger),
  i8: integer(
    8,
    true,
    (view, at) => view.getInt8(at),
    (view, at, value) => view.setInt8(at, value),
  ),
  i16: integer(
    16,
    true,
    (view, at) => view.getInt16(at, true),
    (view, at, value) => view.setInt16(at, value, true),
  ),
  i32: integer(
    32,
    true,
    (view, at) => view.getInt32(at, true),
    (view, at, value) => view.setInt32(at, value, true),
  ),
  i64: wide(true, text.exactNumber, text.parseInteger),
  f64,
  bool,
  ip4,
  prefix4,
  ip6: binary(text.formatIp6, text.parseIp6),
  ether: binary(text.formatEther, text.parseEther),
  bytes: binary(hex, text.parseHex),
  text: characters,
  time: wide(false, text.formatTime, text.parseTime),
  duration: wide(false, text.formatDuration, text.parseDuration),
  rate: wide(false, text.exactNumber, text.parseRate),
};

/** Bytes a type needs; types that are not here take any size. */
const sizes: Readonly<Record<string, number>> = {
  u8: 1,
  i8: 1,
  bool: 1,
  u16: 2,
  port: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  ip4: 4,
  ether: 6,
  u64: 8,
  i64: 8,
  f64: 8,
  time: 8,
  duration: 8,
  rate: 8,
  prefix4: 8,
  ip6: 16,
};

/** The codec of a field. A type this version does not know, or one of an unusual size, is shown as bytes. */
export function codecOf(field: FieldInfo): FieldCodec {
  const needed = sizes[field.type];
  const fits = needed === undefined || needed === field.size;
  return (fits ? codecs[field.type] : undefined) ?? (codecs.bytes as FieldCodec);
}

function inRange(value: FieldValue | bigint, bits: number, signed: boolean): bigint {
  const number = typeof value === 'bigint' ? value : text.parseInteger(String(value));
  const exact = signed ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number);
  if (exact !== number) {
    throw new HotclickError(
      'HC_ARGUMENT',
      `${number} does not fit ${signed ? 'a signed' : 'an unsigned'} ${bits}-bit field`,
    );
  }
  return number;
}

function bytesOf(view: DataView, at: number, size: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, size);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function readText(view: DataView, at: number, size: number): string {
  const bytes = bytesOf(view, at, size);
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? size : end).toString('utf8');
}
