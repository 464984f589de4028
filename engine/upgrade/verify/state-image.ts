/** State as a test vector writes it, as bytes that a harness begins with. */
import type { RestoredStatic, RestoredTable } from '../../datapath/addon.ts';
import { HotclickError } from '../../errors.ts';
import type { ElementClass, SchemaInfo, StateInfo } from '../../graph/element-class.ts';
import { codecOf, type FieldValue } from '../../state/field-codec.ts';
import { parseDuration } from '../../state/field-text.ts';
import { slotsPerPage, tickEpoch, tickMilliseconds } from '../../state/state-page.ts';
import type { JsonObject } from './json-reader.ts';

export interface StateImage {
  readonly statics: readonly RestoredStatic[];
  readonly tables: readonly RestoredTable[];
}

/** Fields that are not given are zero. @throws HotclickError HC_ARGUMENT */
export function stateImage(
  { className, states }: ElementClass,
  given: Readonly<Record<string, JsonObject | readonly JsonObject[]>>,
  now = Date.now(),
): StateImage {
  const statics: RestoredStatic[] = [];
  const tables: RestoredTable[] = [];
  for (const [name, value] of Object.entries(given)) {
    const state = states.find((one) => one.name === name);
    if (!state) refuse(`${className} has no state '${name}'`);
    if (Array.isArray(value) !== (state.kind === 'table'))
      refuse(`the state '${name}' must be ${state.kind === 'table' ? 'a list of records' : 'an object'}`);
    if (state.kind === 'table') tables.push(tableImage(state, value as readonly JsonObject[], now));
    else {
      const owner = state.kind === 'section' ? className : 'element';
      statics.push([`${owner}/${name}`, state.schema, encode(state.schema, value as JsonObject, name)]);
    }
  }
  return { statics, tables };
}

function tableImage(
  { name, key, schema }: StateInfo,
  records: readonly JsonObject[],
  now: number,
): RestoredTable {
  if (!key) refuse(`the table '${name}' has no key`);
  const valueAt = (key.size + 7) & ~7;
  const size = 8 + valueAt + schema.size;
  const pages: Uint8Array[] = [];
  for (let first = 0; first < records.length; first += slotsPerPage) {
    const some = records.slice(first, first + slotsPerPage);
    const page = new Uint8Array(8 + some.length * size);
    const view = new DataView(page.buffer);
    view.setBigUint64(0, (1n << BigInt(some.length)) - 1n, true);
    for (const [i, record] of some.entries()) {
      const at = 8 + i * size;
      view.setUint32(at, expiryTick(record.expires, now), true);
      view.setUint32(at + 4, record.link === undefined ? 0 : Number(record.link), true);
      page.set(encode(key, (record.key ?? {}) as JsonObject, `${name}.key`), at + 8);
      page.set(encode(schema, (record.value ?? {}) as JsonObject, `${name}.value`), at + 8 + valueAt);
    }
    pages.push(page);
  }
  return [`element/${name}`, key, schema, Uint32Array.from(pages.keys()), pages];
}

/** '30s' from now; never when it is not given. */
function expiryTick(expires: unknown, now: number): number {
  if (expires === undefined) return 0;
  const ms = Number(parseDuration(String(expires))) / 1e6;
  return Math.max(1, Math.round((now - tickEpoch + ms) / tickMilliseconds));
}

function encode(schema: SchemaInfo, values: JsonObject, what: string): Uint8Array {
  const bytes = new Uint8Array(schema.size);
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(values)) {
    const field = schema.fields.find((one) => one.name === name);
    if (!field) refuse(`'${what}' has no field '${name}'`);
    try {
      codecOf(field).write(view, field.offset, field.size, value as FieldValue);
    } catch (cause) {
      refuse(`${what}.${name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return bytes;
}

function refuse(message: string): never {
  throw new HotclickError('HC_ARGUMENT', message);
}
