/**
 * Test vectors: what an element's author says that it does, as data. `CLASS.vectors.json` lies beside the source or the
 * library; docs/reference/test-vectors.md describes it.
 */
import { readFile } from 'node:fs/promises';
import { HotclickError } from '../../errors.ts';
import { parseDuration } from '../../state/field-text.ts';
import { type JsonObject, JsonValue } from './json-reader.ts';

/** A packet that goes in, or that is expected: then only what is named is compared. */
export interface VectorPacket {
  readonly data?: Uint8Array;
  readonly annotations: Readonly<Record<string, number | string>>;
}

export type VectorStep = (
  | { readonly kind: 'push' | 'supply'; readonly port: number; readonly packets: readonly VectorPacket[] }
  | { readonly kind: 'output'; readonly port: number; readonly packets: readonly VectorPacket[] }
  | {
      readonly kind: 'pull';
      readonly port: number;
      readonly max: number;
      readonly packets: readonly VectorPacket[];
    }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'run'; readonly times: number }
  | { readonly kind: 'write'; readonly handler: string; readonly value: string }
  | { readonly kind: 'read'; readonly handler: string; readonly is?: string; readonly matches?: string }
  | { readonly kind: 'drops'; readonly drops: Readonly<Record<string, number>> }
  | { readonly kind: 'prints'; readonly lines: readonly string[] }
) & { readonly at: string };

export interface Vector {
  readonly name: string;
  readonly args: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
  /** By state: the fields of a static state or section, or the records of a table. */
  readonly state: Readonly<Record<string, JsonObject | readonly JsonObject[]>>;
  readonly steps: readonly VectorStep[];
}

const mostPorts = 256;
const mostPackets = 4096;

/** @throws HotclickError HC_ARGUMENT when the file is not what it should be */
export async function readVectors(file: string): Promise<Vector[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new HotclickError('HC_ARGUMENT', `the test vectors ${file} cannot be read: ${cause.message}`, {
      cause,
    });
  });
  return parseVectors(text, file);
}

export function parseVectors(text: string, file: string): Vector[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HotclickError('HC_ARGUMENT', `${file} is not JSON: ${why}`, { cause });
  }
  const root = new JsonValue(json, `${file}: $`);
  const fields = root.fields(['class', 'vectors']);
  fields.get('class')?.text();
  return root.field('vectors').list().map(readVector);
}

function readVector(value: JsonValue): Vector {
  const fields = value.fields(['name', 'arguments', 'inputs', 'outputs', 'state', 'steps']);
  const state: Record<string, JsonObject | readonly JsonObject[]> = {};
  for (const [name, one] of fields.get('state')?.fields() ?? []) {
    if (one.isList) for (const record of one.list()) record.fields(['key', 'value', 'expires', 'link']);
    else one.fields();
    state[name] = one.raw as JsonObject;
  }
  return {
    name: value.field('name').text(),
    args:
      fields
        .get('arguments')
        ?.list()
        .map((one) => one.text()) ?? [],
    inputs: fields.get('inputs')?.whole(mostPorts) ?? 1,
    outputs: fields.get('outputs')?.whole(mostPorts) ?? 1,
    state,
    steps: value.field('steps').list().map(readStep),
  };
}

/** A step is an object whose first field says what is done. */
function readStep(value: JsonValue): VectorStep {
  const { at } = value;
  const names = [...value.fields().keys()];
  const is = (...fields: string[]) => {
    if (names[0] !== fields[0]) return false;
    value.fields(fields);
    return true;
  };
  if (is('push', 'packets')) return { kind: 'push', port: port(value, 'push'), packets: packets(value), at };
  if (is('supply', 'packets'))
    return { kind: 'supply', port: port(value, 'supply'), packets: packets(value), at };
  if (is('output', 'packets'))
    return { kind: 'output', port: port(value, 'output'), packets: packets(value), at };
  if (is('pull', 'max', 'packets')) {
    const max = value.fields().get('max')?.whole(256) ?? 256;
    return { kind: 'pull', port: port(value, 'pull'), max, packets: packets(value), at };
  }
  if (is('advance')) return { kind: 'advance', ms: milliseconds(value.field('advance')), at };
  if (is('run')) return { kind: 'run', times: value.field('run').whole(100_000), at };
  if (is('write', 'value'))
    return {
      kind: 'write',
      handler: value.field('write').text(),
      value: value.fields().get('value')?.text() ?? '',
      at,
    };
  if (is('read', 'is', 'matches')) return readStepOf(value);
  if (is('drops')) {
    const drops = [...value.field('drops').fields()].map(([reason, n]) => [reason, n.whole()]);
    return { kind: 'drops', drops: Object.fromEntries(drops), at };
  }
  if (is('prints'))
    return {
      kind: 'prints',
      lines: value
        .field('prints')
        .list()
        .map((line) => line.text()),
      at,
    };
  return value.refuse('a step: push, supply, output, pull, advance, run, write, read, drops or prints');
}

function readStepOf(value: JsonValue): VectorStep {
  const fields = value.fields();
  const exact = fields.get('is')?.text();
  const matches = fields.get('matches')?.text();
  if ((exact === undefined) === (matches === undefined))
    value.refuse("a handler and either 'is' or 'matches'");
  return {
    kind: 'read',
    handler: value.field('read').text(),
    ...(exact === undefined ? {} : { is: exact }),
    ...(matches === undefined ? {} : { matches }),
    at: value.at,
  };
}

function port(value: JsonValue, name: string): number {
  return value.field(name).whole(mostPorts - 1);
}

function milliseconds(value: JsonValue): number {
  return Number(parseDuration(value.text())) / 1e6;
}

const numbers = [
  'paint',
  'packetType',
  'vlanTci',
  'networkOffset',
  'transportOffset',
  'aggregate',
  'fixIpSource',
  'icmpParameter',
];

function packets(value: JsonValue): VectorPacket[] {
  const list = value.field('packets').list();
  if (list.length > mostPackets) value.refuse(`at most ${mostPackets} packets`);
  return list.map(readPacket);
}

/** Hex digits, a list of them, or an object with `data` and annotations. */
function readPacket(value: JsonValue): VectorPacket {
  if (value.isText || value.isList) return { data: bytes(value), annotations: {} };
  const fields = value.fields(['data', 'destination', ...numbers]);
  const annotations: Record<string, number | string> = {};
  for (const [name, one] of fields) {
    if (name === 'destination') annotations[name] = one.text();
    else if (name !== 'data') annotations[name] = one.whole(0xffff_ffff);
  }
  const data = fields.get('data');
  return { ...(data ? { data: bytes(data) } : {}), annotations };
}

function bytes(value: JsonValue): Uint8Array {
  const text = (value.isList ? value.list().map((part) => part.text()) : [value.text()])
    .join('')
    .replace(/\s/g, '');
  if (!/^([0-9a-f]{2})*$/i.test(text)) value.refuse('hex digits, two a byte');
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
