/** A table and a static state with one field of every kind, and published pages of them, for tests and benchmarks. */
import type { FieldInfo, SchemaInfo } from '../../graph/element-class.ts';
import { type DecodedRecord, encodePage, encodeStatic } from '../decode.ts';
import { type PublishedPage, type PublishedStatic, type StateLayout, slotsPerPage } from '../state-page.ts';

/** A schema of packed fields, each `[name, type, size]`. */
export function schemaOf(
  version: number,
  ...fields: readonly (readonly [string, string, number])[]
): SchemaInfo {
  let size = 0;
  const placed = fields.map(([name, type, bytes]): FieldInfo => {
    const offset = size;
    size += bytes;
    return { name, type, offset, size: bytes };
  });
  return { version, size, fields: placed };
}

const flowKey = schemaOf(
  1,
  ['src', 'ip4', 4],
  ['dst', 'ip4', 4],
  ['sport', 'u16', 2],
  ['dport', 'u16', 2],
  ['proto', 'u8', 1],
  ['reserved', 'bytes', 3],
);
const flowValue = schemaOf(
  1,
  ['packets', 'u64', 8],
  ['octets', 'u64', 8],
  ['last_seen', 'time', 8],
  ['established', 'bool', 1],
  ['note', 'text', 15],
);

/** Records of 56 bytes with their header of 8: a full page has 8 + 64 * 64 bytes. */
export const flowLayout: StateLayout = {
  kind: 'table',
  className: 'Firewall',
  classVersion: '1.0.0',
  keySchema: flowKey,
  valueSchema: flowValue,
  recordSize: flowKey.size + flowValue.size,
  valueOffset: flowKey.size,
};

/** The next version: one more field. */
export const flowLayout2: StateLayout = {
  ...flowLayout,
  classVersion: '2.0.0',
  valueSchema: schemaOf(
    2,
    ['packets', 'u64', 8],
    ['octets', 'u64', 8],
    ['last_seen', 'time', 8],
    ['established', 'bool', 1],
    ['note', 'text', 15],
    ['logged', 'u64', 8],
  ),
  recordSize: flowLayout.recordSize + 8,
};

export const countsLayout: StateLayout = {
  kind: 'static',
  className: 'Firewall',
  classVersion: '1.0.0',
  valueSchema: schemaOf(1, ['accepted', 'u64', 8], ['rejected', 'u64', 8]),
  recordSize: 16,
  valueOffset: 0,
};

/** A flow whose fields follow from its number. */
export function flow(slot: number, packets = slot, more: Record<string, number> = {}): DecodedRecord {
  const key = {
    src: `10.0.${(slot >> 8) & 255}.${slot & 255}`,
    dst: '192.0.2.1',
    sport: 1024 + (slot % 60000),
    dport: slot % 2 === 0 ? 80 : 443,
    proto: 6,
    reserved: '000000',
  };
  const value = {
    packets,
    octets: packets * 1500,
    last_seen: '2026-11-20T12:00:00.5Z',
    established: slot % 3 !== 0,
    note: `flow ${slot}`,
    ...more,
  };
  return { slot, expires: new Date('2026-11-20T13:00:00Z'), link: 0, key, value };
}

/** A full page of flows. */
export function flows(page: number, packets?: number): DecodedRecord[] {
  return Array.from({ length: slotsPerPage }, (_, i) => flow(page * slotsPerPage + i, packets));
}

export function flowPage(
  page: number,
  records: readonly DecodedRecord[],
  shard = 0,
  layout = flowLayout,
): PublishedPage {
  return { element: 'fw', state: 'flows', shard, layout, page, data: encodePage(layout, page, records) };
}

export function counts(accepted: number, rejected = 0, shard = 0): PublishedStatic {
  const data = encodeStatic(countsLayout, { accepted, rejected });
  return { element: 'fw', state: 'counts', shard, layout: countsLayout, data };
}
