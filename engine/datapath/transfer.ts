/**
 * What an engine tells of its memory and devices so that another engine can take them over: plain data, good for JSON.
 * The course of a transfer is in docs/design/transfer.md; native/core/transfer/manifest.hh has the same structures.
 *
 * Numbers called a file are places in `files`, and so in the list of descriptors that goes with the manifest; -1 is none.
 */
import type { SchemaInfo } from '../graph/element-class.ts';

export interface TransferManifest {
  /** Of this structure and of all that it points at; another format is refused. */
  readonly format: number;
  /** Version of the element ABI. */
  readonly abi: number;
  readonly shards: number;
  /** Sizes of the structures that lie in the regions. */
  readonly sizes: Readonly<Record<string, number>>;
  /** One for each descriptor, in its order. */
  readonly files: readonly TransferFile[];
  /** File of the board. */
  readonly board: number;
  /** Of taking over; only the last one that was exported can succeed. */
  readonly attempt: number;
  readonly packets: PacketTransfer;
  readonly perShard: readonly ShardTransfer[];
}

export interface TransferFile {
  /** The same as long as it is the same memory or socket, also in other processes of this machine. */
  readonly id: string;
  /** For people: 'hotclick-table', 'socket', … */
  readonly name: string;
  /** Of a region; 0 for devices. */
  readonly bytes: number;
}

export interface PacketTransfer {
  readonly count: number;
  readonly buffers: number;
  readonly metadata: number;
  /** Where the giver has mapped the metadata: pointers to packets that lie in its memory are relative to this. */
  readonly metadataAt: number;
}

export interface ShardTransfer {
  /** File of the arena. */
  readonly arena: number;
  /** Bytes of the arena that were ever used. */
  readonly used: number;
  /** Free blocks below: offset and size by turns. */
  readonly free: readonly number[];
  /** The running revision, and the one that is prepared, if there is one; the board knows which is installed. */
  readonly revisions: readonly RevisionTransfer[];
  readonly devices: readonly DeviceTransfer[];
}

export interface RevisionTransfer {
  /** The native engine's number. */
  readonly revision: number;
  readonly elements: readonly ElementTransfer[];
  readonly sections: readonly SectionTransfer[];
}

export interface ElementTransfer {
  readonly name: string;
  readonly className: string;
  readonly version: string;
  /** Reasons of the drop counters, which lie at this offset in the arena behind the counter of unconnected packets. */
  readonly drops: readonly string[];
  readonly countersAt: number;
  readonly states: readonly StateTransfer[];
}

export interface StateTransfer {
  readonly name: string;
  readonly kind: 'static' | 'table' | 'queue';
  /** Of the value; without fields for queues. */
  readonly schema: SchemaInfo;
  /** Of tables; without fields otherwise. */
  readonly key: SchemaInfo;
  /** Offset in the arena: static states and queues. */
  readonly at: number;
  /** Tables. Records with this layout number are valid in `records`, others in `oldRecords`, while there are any. */
  readonly records: number;
  readonly index: number;
  readonly layout: number;
  readonly oldRecords: number;
  readonly oldLayout: number;
  readonly oldSchema: SchemaInfo;
}

export interface SectionTransfer {
  readonly className: string;
  readonly name: string;
  readonly schema: SchemaInfo;
  readonly file: number;
}

export interface DeviceTransfer {
  readonly kind: string;
  readonly name: string;
  readonly options: string;
  /** Offset in the arena of its place in the ring and its counts. */
  readonly at: number;
  /** By kind: receiving and sending socket (-1: none), or the file of a tun or tap. Empty for capture files. */
  readonly files: readonly number[];
}

export interface ExportedState {
  readonly manifest: TransferManifest;
  /** The engine's own descriptors, valid until it says `onRegions` or is closed: not to be closed. */
  readonly fds: readonly number[];
}

/** What a new engine takes over. */
export interface ImportedState {
  readonly manifest: TransferManifest;
  /** Duplicated by the engine; still the caller's to close. */
  readonly fds: readonly number[];
  /** Whoever ran it is dead: nobody hands anything out, and everything is taken as it lies in memory. */
  readonly crashed: boolean;
}
