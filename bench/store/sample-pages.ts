/** Full pages of one table, with bytes that differ, as a shard would publish them. */
import { type PublishedPage, type StateLayout, slotsPerPage } from '../../engine/state/state-page.ts';

const keySize = 16;
const bitmapSize = 8;
const recordHeaderSize = 8;

export function samplePages(records: number, recordSize: number): PublishedPage[] {
  const layout: StateLayout = {
    kind: 'table',
    className: 'Firewall',
    classVersion: '1.0.0',
    keySchema: {
      version: 1,
      size: keySize,
      fields: [{ name: 'key', type: 'bytes', offset: 0, size: keySize }],
    },
    valueSchema: { version: 1, size: recordSize - keySize, fields: [] },
    recordSize,
    valueOffset: keySize,
  };
  const count = Math.ceil(records / slotsPerPage);
  const size = bitmapSize + slotsPerPage * (recordHeaderSize + recordSize);
  const arena = Buffer.alloc(count * size);
  for (let i = 0; i + 4 <= arena.length; i += 4) arena.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
  return Array.from({ length: count }, (_, page) => {
    const data = arena.subarray(page * size, (page + 1) * size);
    data.fill(0xff, 0, bitmapSize);
    return { element: 'fw', state: 'flows', shard: 0, layout, page, data };
  });
}
