/**
 * What the datapath publishes and the store keeps: pages of table records and values of static state, both with
 * the description that decodes them.
 *
 * A table page stands for 64 slots, `first = page * 64`. Its bytes are packed (little endian): a u64 bitmap of the
 * live slots, then for each live slot in order u32 `expires` (ticks of 100 ms since 2020-01-01, 0 = never),
 * u32 `link` (the element's own), and the record's key, padding and value: `layout.recordSize` bytes of which the
 * key is the first `layout.keySchema.size` and the value starts at `layout.valueOffset`.
 */
import type { SchemaInfo } from '../graph/element-class.ts';

export const slotsPerPage = 64;
/** Unix time in ms of tick 0. */
export const tickEpoch = Date.UTC(2020, 0, 1);
export const tickMilliseconds = 100;

/** How the bytes of a state are read. Two states with an equal layout have the same `hash`. */
export interface StateLayout {
  readonly kind: 'static' | 'section' | 'table';
  readonly className: string;
  readonly classVersion: string;
  readonly valueSchema: SchemaInfo;
  /** Tables only. */
  readonly keySchema?: SchemaInfo;
  /** Bytes of key, padding and value; for static state the size of the value. */
  readonly recordSize: number;
  /** Offset of the value in those bytes; 0 for static state. */
  readonly valueOffset: number;
}

/** A state in one shard: `element` is the element's name in the graph, or the class's for a section. */
export interface StateAddress {
  readonly element: string;
  readonly state: string;
  readonly shard: number;
}

export interface PublishedPage extends StateAddress {
  readonly layout: StateLayout;
  readonly page: number;
  /** Packed as described above. An empty bitmap means that all records of the page are gone. */
  readonly data: Uint8Array;
}

export interface PublishedStatic extends StateAddress {
  readonly layout: StateLayout;
  readonly data: Uint8Array;
}

/** All that one sync interval writes, in one transaction. */
export interface PublishedState {
  readonly revision: number;
  /** Shards of the engine: a record lies in the one that its packets come to. */
  readonly shards?: number;
  readonly pages: readonly PublishedPage[];
  readonly statics: readonly PublishedStatic[];
}
