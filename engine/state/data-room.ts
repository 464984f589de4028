/**
 * Room in the data file before LMDB needs it. LMDB 3.5.6 of npm formats the message of a failed write into a buffer
 * that is too small (`last_error` in its mdb_page_flush), so a full disk can end the process later. Zeros written
 * behind the last page by us make a full disk an ordinary error, and LMDB never grows the file itself. It also lets
 * a store whose file has reached its size go on when others fill the disk.
 */
import { type FileHandle, open, stat } from 'node:fs/promises';

/** What a transaction will write. */
export interface WriteLoad {
  /** Values put or removed. */
  readonly values: number;
  /** Pages of the data file for the values put; see `pagesOf`. */
  readonly pages: number;
}

/** Of the LMDB database with the most entries, and of the file. */
export interface FileShape {
  readonly lastPageNumber: number;
  readonly treeDepth: number;
  readonly treePages: number;
}

export const dataPageSize = 4096;
/** LMDB's headers of a page, a node and a key. */
const valueOverhead = 64;
/** For the small databases and for LMDB's list of free pages, which it may write anew. */
const sparePages = 256;
/** A leaf that has just been split holds more entries than this. */
const leastEntriesPerLeaf = 20;
/** Numbers of pages in a page of the list of free pages, halved. */
const freePagesPerPage = 256;
const zeros = Buffer.alloc(2 ** 20);

/** Pages that a value of `bytes` takes at most. */
export function pagesOf(bytes: number): number {
  return Math.ceil((bytes + valueOverhead) / dataPageSize);
}

/** Pages that the file may grow by in one transaction: an upper bound. */
function growthOf({ values, pages }: WriteLoad, { treeDepth, treePages }: FileShape): number {
  const copied = Math.min(values * (treeDepth + 1), treePages);
  const split = values / leastEntriesPerLeaf;
  const freed = pages + 2 * values + copied;
  return Math.ceil(pages + 2 * copied + split + freed / freePagesPerPage) + sparePages;
}

/** Rejects with ENOSPC and the like when the room cannot be had; the file is then as long as before. */
export async function reserveRoom(path: string, load: WriteLoad, shape: FileShape): Promise<void> {
  const wanted = (shape.lastPageNumber + 1 + growthOf(load, shape)) * dataPageSize;
  const { size } = await stat(path);
  if (size >= wanted) return;
  const file = await open(path, 'r+');
  try {
    await fill(file, size, wanted);
  } finally {
    await file.close();
  }
}

async function fill(file: FileHandle, from: number, to: number): Promise<void> {
  try {
    for (let at = from; at < to; ) {
      at += (await file.write(zeros, 0, Math.min(zeros.length, to - at), at)).bytesWritten;
    }
  } catch (error) {
    await file.truncate(from); // what others could use is given back
    throw error;
  }
}
