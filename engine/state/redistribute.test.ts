import t from 'tap';
import { shardOf } from '../datapath/addon.ts';
import { type DecodedRecord, decodePage, encodePage } from './decode.ts';
import { redistributePages, type StoredPage } from './redistribute.ts';
import { type StateLayout, slotsPerPage } from './state-page.ts';
import { schemaOf } from './testing/sample-state.ts';

const seed = Math.floor(Math.random() * 2 ** 32);
t.comment(`seed ${seed}`);
let random = seed;
/** xorshift32 */
function next(below: number): number {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return (random >>> 0) % below;
}

const key = schemaOf(
  1,
  ['inside', 'ip4', 4],
  ['outside', 'ip4', 4],
  ['inside_port', 'port', 2],
  ['outside_port', 'port', 2],
  ['protocol', 'u8', 1],
  ['zero', 'bytes', 3],
);
const value = schemaOf(1, ['packets', 'u64', 8]);
const layout: StateLayout = {
  kind: 'table',
  className: 'Firewall',
  classVersion: '1.0.0',
  keySchema: key,
  valueSchema: value,
  recordSize: key.size + value.size,
  valueOffset: key.size,
};

function flow(slot: number, link = 0): DecodedRecord {
  return {
    slot,
    expires: null,
    link,
    key: {
      inside: `10.0.${next(256)}.${next(256)}`,
      outside: `192.0.2.${next(256)}`,
      inside_port: next(65_536),
      outside_port: next(65_536),
      protocol: 17,
    },
    value: { packets: slot },
  };
}

/** Records in pages of one shard; slots as given. */
function pagesOf(shard: number, records: readonly DecodedRecord[]): StoredPage[] {
  return [...group(records)].map(([page, list]) => ({ shard, page, data: encodePage(layout, page, list) }));
}
function group(records: readonly DecodedRecord[]): Map<number, DecodedRecord[]> {
  const pages = new Map<number, DecodedRecord[]>();
  for (const record of records) {
    const page = Math.floor(record.slot / slotsPerPage);
    pages.set(page, [...(pages.get(page) ?? []), record]);
  }
  return pages;
}
function recordsOf(pages: readonly Uint8Array[], from = layout): DecodedRecord[] {
  return pages.flatMap((data, page) => decodePage(from, page, data));
}
const nameOf = (record: DecodedRecord) =>
  JSON.stringify(record.key, (_, v) => (typeof v === 'bigint' ? String(v) : v));

/** What each shard gets of pages that have one layout. */
function redistribute(pages: readonly StoredPage[], shards: number, from = layout): Uint8Array[][] {
  const lists: Uint8Array[][] = Array.from({ length: shards }, () => []);
  for (const { shard, numbers, data } of redistributePages([{ layout: from, pages }], shards).pages) {
    t.same([...numbers], [...data.keys()]);
    lists[shard]!.push(...data);
  }
  return lists;
}

/** The shard that the devices give a packet of this flow to. */
function homeOf(
  { key: { inside, outside, inside_port, outside_port } }: DecodedRecord,
  shards: number,
): number {
  const address = (text: unknown) => Buffer.from(String(text).split('.').map(Number)).readUInt32LE();
  const port = (number: unknown) => ((Number(number) & 255) << 8) | (Number(number) >> 8);
  return shardOf(address(inside), address(outside), port(inside_port), port(outside_port), 17, shards);
}

t.test('every record goes to the shard that will receive its packets, none is lost or doubled', (t) => {
  const before = [0, 1].flatMap((shard) =>
    pagesOf(
      shard,
      Array.from({ length: 300 }, (_, i) => flow(i * 2 + shard)),
    ),
  );
  const all = before.flatMap(({ page, data }) => decodePage(layout, page, data));
  for (const shards of [1, 2, 3, 7]) {
    const after = redistribute(before, shards).map((pages) => recordsOf(pages));
    t.equal(after.length, shards);
    t.same(after.flat().map(nameOf).sort(), all.map(nameOf).sort(), `${shards} shards`);
    after.forEach((records, shard) => {
      t.ok(
        records.every((record) => homeOf(record, shards) === shard),
        `shard ${shard} of ${shards}`,
      );
      t.ok(
        records.every(({ slot }, i) => slot === i),
        'slots are dense',
      );
    });
  }
  t.end();
});

t.test('both directions of a flow have one home', (t) => {
  const forth = flow(0);
  const { inside, outside, inside_port, outside_port } = forth.key;
  const back = {
    ...flow(1),
    key: {
      ...forth.key,
      inside: outside ?? null,
      outside: inside ?? null,
      inside_port: outside_port ?? null,
      outside_port: inside_port ?? null,
    },
  };
  for (const shards of [2, 3, 5]) {
    const after = redistribute(pagesOf(0, [forth, back]), shards).map((pages) => recordsOf(pages));
    t.same(after.map(({ length }) => length).sort(), [...Array(shards - 1).fill(0), 2]);
  }
  t.end();
});

t.test('a pair that links to each other stays together and keeps its links', (t) => {
  const records: DecodedRecord[] = [];
  for (let i = 0; i < 200; i += 2) records.push(flow(i, i + 1), flow(i + 1, i));
  const after = redistribute(pagesOf(1, records), 3);
  let pairs = 0;
  for (const pages of after) {
    const list = recordsOf(pages);
    for (const record of list) {
      const partner = list[record.link];
      t.equal(partner?.link, record.slot, 'the partner links back');
      const [mine, other] = [Number(record.value.packets), Number(partner?.value.packets)];
      t.equal(mine ^ 1, other, 'and is the one from before');
      pairs += 1;
    }
  }
  t.equal(pairs, 200);
  t.end();
});

t.test('pairs whose replies come to another shard are counted', (t) => {
  const many = Array.from({ length: 200 }, (_, slot) => flow(slot, slot ^ 1));
  t.equal(redistributePages([{ layout, pages: pagesOf(0, many) }], 1).apart, 0);
  t.ok(redistributePages([{ layout, pages: pagesOf(0, many) }], 4).apart > 20);
  t.end();
});

t.test('time to live, values and links that are no slots are kept', (t) => {
  const expires = new Date(Date.UTC(2030, 0, 1));
  const record = { ...flow(5), expires, link: 0xffff_ffff, value: { packets: String(2n ** 60n) } };
  const [list] = redistribute(pagesOf(0, [record]), 1).map((pages) => recordsOf(pages));
  t.match(list, [{ slot: 0, expires, link: 0xffff_ffff }]);
  t.equal(String(list![0]!.value.packets), String(2n ** 60n));
  t.end();
});

t.test('a table whose key is no flow is given to all shards', (t) => {
  const keySchema = schemaOf(1, ['address', 'ip4', 4], ['pad', 'u32', 4]);
  const cache: StateLayout = {
    ...layout,
    keySchema,
    valueOffset: keySchema.size,
    recordSize: keySchema.size + 8,
  };
  const records = Array.from({ length: 70 }, (_, slot) => ({
    ...flow(slot),
    key: { address: `10.0.0.${slot}`, pad: 0 },
  }));
  const pages = [0, 1].map((page) => ({
    shard: 0,
    page,
    data: encodePage(
      cache,
      page,
      records.filter(({ slot }) => slot >> 6 === page),
    ),
  }));
  const after = redistribute(pages, 2, cache);
  t.same(
    after.map((list) => recordsOf(list, cache).length),
    [70, 70],
  );
  t.end();
});

t.test('nothing becomes nothing', (t) => {
  t.same(redistribute([], 2), [[], []]);
  t.end();
});

t.test(
  'a table in the middle of a conversion: every page keeps its layout, and pairs across layouts their links',
  (t) => {
    const wide: StateLayout = {
      ...layout,
      classVersion: '2.0.0',
      valueSchema: schemaOf(2, ['packets', 'u64', 8], ['since', 'u64', 8]),
      recordSize: layout.recordSize + 8,
    };
    // Slots 0 to 63 are converted already; each is the partner of one that is not.
    const old = Array.from({ length: 64 }, (_, i) => flow(64 + i, i));
    const converted = Array.from({ length: 64 }, (_, i) => ({
      ...flow(i, 64 + i),
      value: { packets: i, since: 1 },
    }));
    const parts = [
      { layout, pages: pagesOf(0, old) },
      { layout: wide, pages: [{ shard: 0, page: 0, data: encodePage(wide, 0, converted) }] },
    ];
    for (const shards of [1, 3]) {
      const { pages: after } = redistributePages(parts, shards);
      const bySlot = new Map<string, DecodedRecord>();
      for (const { layout: from, shard, numbers, data } of after) {
        data.forEach((page, i) => {
          for (const record of decodePage(from, numbers[i]!, page)) {
            t.notOk(bySlot.has(`${shard}/${record.slot}`), 'no slot is used twice');
            bySlot.set(`${shard}/${record.slot}`, record);
          }
        });
      }
      t.equal(bySlot.size, 128);
      for (const [name, record] of bySlot) {
        const partner = bySlot.get(`${name.split('/')[0]}/${record.link}`);
        t.equal(Number(partner?.value.packets) % 64, Number(record.value.packets) % 64);
        t.equal(partner?.link, record.slot);
      }
    }
    t.end();
  },
);
