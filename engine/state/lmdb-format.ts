/** The parts of LMDB's file format that a check needs (data version 2, 64 bit, little endian; mdb.c of LMDB 1.0). */
import { readSync } from 'node:fs';

/** Size of the header of every page: number, transaction, flags, bounds. */
export const pageHeaderSize = 24;
/** Size of struct MDB_db, the description of a page tree. */
export const treeSize = 48;
/** Size of struct MDB_meta as the `lmdb` package writes it. */
export const metaSize = 144;

/** One of the page trees of a snapshot. */
export interface TreeRoot {
  readonly flags: number;
  readonly depth: number;
  readonly entries: bigint;
  /** Page number; undefined for an empty tree. */
  readonly root: number | undefined;
}

/** The whole file as one transaction left it; a meta page names it. */
export interface Snapshot {
  readonly pageSize: number;
  readonly transaction: bigint;
  /** The boot in which it was written. */
  readonly boot: bigint;
  /** It may not have reached the disk. */
  readonly unsynced: boolean;
  /** Free pages, then the named databases. */
  readonly trees: readonly TreeRoot[];
}

const noPage = 0xffff_ffff_ffff_ffffn;
/** In the flags of the free pages' tree. */
const flagUnsynced = 0x1000;

/** Reads `length` bytes at `offset`; undefined when the file ends before. */
export function readAt(fd: number, offset: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

/** A tree's description at `at`, of which `treeSize` bytes must be there. */
export function parseTree(bytes: Buffer, at: number): TreeRoot {
  const root = bytes.readBigUInt64LE(at + 40);
  return {
    flags: bytes.readUInt16LE(at + 4),
    depth: bytes.readUInt16LE(at + 6),
    entries: bytes.readBigUInt64LE(at + 32),
    root: root === noPage ? undefined : Number(root),
  };
}

/** The meta page in `bytes`, which must hold a page header and a meta structure. */
export function parseMeta(bytes: Buffer): Snapshot {
  const at = pageHeaderSize;
  const freePages = parseTree(bytes, at + 24);
  return {
    pageSize: bytes.readUInt32LE(at + 24),
    transaction: bytes.readBigUInt64LE(at + 128),
    boot: bytes.readBigInt64LE(at + 136),
    unsynced: (freePages.flags & flagUnsynced) !== 0,
    trees: [freePages, parseTree(bytes, at + 24 + treeSize)],
  };
}
