/**
 * State of another number of shards: each record goes to the shard that will receive its packets. Records get new slots;
 * links between records (`link`, a partner's slot) are kept, and a pair stays together in the shard of the one that
 * comes first.
 */
import { shardOf } from '../datapath/addon.ts';
import type { FieldInfo } from '../graph/element-class.ts';
import { type RawRecord, rawRecords } from './decode.ts';
import { type StateLayout, slotsPerPage } from './state-page.ts';

const bitmapSize = 8;
const headerSize = 8;

export interface StoredPage {
  readonly shard: number;
  readonly page: number;
  readonly data: Uint8Array;
}

/** The pages of a table that have one layout. While records are converted, the store has pages of two. */
export interface StoredPart {
  readonly layout: StateLayout;
  readonly pages: readonly StoredPage[];
}

/** Pages of one layout for one shard. */
export interface ShardPages {
  readonly layout: StateLayout;
  readonly shard: number;
  readonly numbers: Uint32Array;
  readonly data: readonly Uint8Array[];
}

interface Moved {
  readonly record: RawRecord;
  /** Where its partner is looked up: the shard it came from. */
  readonly source: number;
  readonly to: number;
  readonly slot: number;
}

export interface Redistributed {
  readonly pages: readonly ShardPages[];
  /**
   * Pairs whose second record's packets come to another shard than the pair lies in: a NAT chose the port of a flow so
   * that replies come to its shard, and that was among another number of shards.
   */
  readonly apart: number;
}

/** The pages of one table for `shards` shards. */
export function redistributePages(parts: readonly StoredPart[], shards: number): Redistributed {
  const moved = new Map<string, Moved[]>();
  let apart = 0;
  const nextSlot = new Array<number>(shards).fill(0);
  const lists = parts.map(({ layout, pages }) => {
    const home = homeOf(layout, shards);
    // A page has one layout.
    nextSlot.forEach((slot, shard) => {
      nextSlot[shard] = Math.ceil(slot / slotsPerPage) * slotsPerPage;
    });
    const list: Moved[][] = Array.from({ length: shards }, () => []);
    for (const { shard, page, data } of pages) {
      for (const record of rawRecords(layout, page, data)) {
        const partner = moved.get(`${shard}/${record.link}`)?.[0];
        const isPair = partner !== undefined && partner.record.link === record.slot;
        if (isPair && !home(record).includes(partner.to)) ++apart;
        const places = (isPair ? [partner.to] : home(record)).map((to): Moved => {
          const slot = nextSlot[to]!++;
          const one = { record, source: shard, to, slot };
          list[to]!.push(one);
          return one;
        });
        moved.set(`${shard}/${record.slot}`, places);
      }
    }
    return list;
  });
  const slotOf = ({ record, source, to }: Moved) =>
    moved.get(`${source}/${record.link}`)?.find((one) => one.to === to)?.slot ?? record.link;
  const pages = parts.flatMap(({ layout }, part) =>
    lists[part]!.flatMap((list, shard): ShardPages[] => {
      if (list.length === 0) return [];
      const data = packPages(layout, list, slotOf);
      const firstPage = list[0]!.slot / slotsPerPage;
      return [{ layout, shard, numbers: Uint32Array.from(data, (_, page) => firstPage + page), data }];
    }),
  );
  return { pages, apart };
}

/** The shards a record belongs to: one by its addresses, or all when the key is no flow (a cache each shard fills). */
function homeOf(layout: StateLayout, shards: number): (record: RawRecord) => number[] {
  const fields = layout.keySchema?.fields ?? [];
  const [source, destination] = fields.filter(({ type }) => type === 'ip4');
  const ports = fields.filter(({ type }) => type === 'port');
  const protocol = fields.find(({ name, type }) => name === 'protocol' && type === 'u8');
  const everywhere = Array.from({ length: shards }, (_, shard) => shard);
  if (!source || !destination) return () => everywhere;
  const [sourcePort, destinationPort] = ports.length === 2 ? ports : [];
  return ({ view, at }) => {
    const u16 = (field: FieldInfo | undefined) => (field ? view.getUint16(at + field.offset, true) : 0);
    return [
      shardOf(
        view.getUint32(at + source.offset, true),
        view.getUint32(at + destination.offset, true),
        u16(sourcePort),
        u16(destinationPort),
        protocol ? view.getUint8(at + protocol.offset) : 0,
        shards,
      ),
    ];
  };
}

function packPages(
  layout: StateLayout,
  list: readonly Moved[],
  slotOf: (one: Moved) => number,
): Uint8Array[] {
  const pages: Uint8Array[] = [];
  for (let first = 0; first < list.length; first += slotsPerPage) {
    const records = list.slice(first, first + slotsPerPage);
    const stride = headerSize + layout.recordSize;
    const page = new Uint8Array(bitmapSize + records.length * stride);
    const view = new DataView(page.buffer);
    view.setBigUint64(0, (1n << BigInt(records.length)) - 1n, true);
    records.forEach((one, i) => {
      const at = bitmapSize + i * stride;
      const { record } = one;
      view.setUint32(at, record.expires, true);
      view.setUint32(at + 4, slotOf(one), true);
      page.set(
        new Uint8Array(record.view.buffer, record.view.byteOffset + record.at, layout.recordSize),
        at + headerSize,
      );
    });
    pages.push(page);
  }
  return pages;
}
