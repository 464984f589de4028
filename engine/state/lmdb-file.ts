/**
 * Looks at an LMDB data file before LMDB does. LMDB maps the file and follows its page numbers without much
 * checking: a file of another format, cut short or overwritten can end the whole process with a signal. So the meta
 * pages and the page trees of the snapshot that LMDB will choose are checked here, by plain reads with bounds.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { metaSize, pageHeaderSize, parseMeta, readAt, type Snapshot } from './lmdb-format.ts';
import { checkTrees } from './lmdb-tree.ts';
import { storeError } from './store-error.ts';
import { bootId } from './store-owner.ts';

const magic = 0xbeefc0de;
const dataVersion = 2;
/** Where the magic number stands in LMDB 0.9, whose page header is shorter. */
const oldHeaderSize = 16;
const smallestPage = 256;
const largestPage = 65536;

/**
 * Throws HC_STORE (reason 'foreign' or 'corrupt') unless the file is one that LMDB can open. `forWriting` says that
 * nobody else writes it: then its trees are walked too. False when the file is empty and LMDB will initialise it.
 */
export function checkDataFile(path: string, forWriting: boolean): boolean {
  const fd = openSync(path, 'r');
  try {
    const info = fstatSync(fd);
    if (!info.isFile()) throw storeError('foreign', `${path} is not a regular file`);
    if (info.size === 0) return false;
    const snapshots = readSnapshots(fd, path, info.size);
    const snapshot = pickSnapshot(snapshots);
    if (forWriting) {
      checkTrees(fd, path, info.size, snapshot);
    } else if (snapshots.some((other) => other.transaction > snapshot.transaction)) {
      throw storeError(
        'corrupt',
        `${path} was not closed before the machine went down: open it for writing once`,
      );
    }
    return true;
  } finally {
    closeSync(fd);
  }
}

/** The snapshots of the meta pages: at 0, at half a page (the newest on disk; may be absent) and at one page. */
function readSnapshots(fd: number, path: string, size: number): [Snapshot, ...Snapshot[]] {
  refuseForeign(readAt(fd, 0, Math.min(size, pageHeaderSize + 8)) ?? Buffer.alloc(0), path);
  const first = readAt(fd, 0, pageHeaderSize + metaSize);
  if (first === undefined) throw storeError('corrupt', `${path} is cut short: ${size} bytes`);
  const snapshot = parseMeta(first);
  const { pageSize } = snapshot;
  if (pageSize < smallestPage || pageSize > largestPage || (pageSize & (pageSize - 1)) !== 0) {
    throw storeError('corrupt', `${path} has a damaged meta page: page size ${pageSize}`);
  }
  const snapshots: [Snapshot, ...Snapshot[]] = [snapshot];
  for (const offset of [pageSize / 2, pageSize]) {
    const bytes = readAt(fd, offset, pageHeaderSize + metaSize);
    if (bytes === undefined) throw storeError('corrupt', `${path} is cut short: ${size} bytes`);
    const present = bytes.readUInt32LE(pageHeaderSize) === magic;
    if (present) snapshots.push(parseMeta(bytes));
    else if (offset === pageSize)
      throw storeError('corrupt', `${path} has a damaged meta page at byte ${offset}`);
  }
  return snapshots;
}

function refuseForeign(head: Buffer, path: string): void {
  const holdsMagic = (at: number) => head.length >= at + 8 && head.readUInt32LE(at) === magic;
  if (holdsMagic(oldHeaderSize)) {
    const version = head.readUInt32LE(oldHeaderSize + 4);
    throw storeError(
      'foreign',
      `${path} is an LMDB 0.9 file (data version ${version}), not a hotclick store`,
    );
  }
  if (!holdsMagic(pageHeaderSize)) throw storeError('foreign', `${path} is not an LMDB file`);
  const version = head.readUInt32LE(pageHeaderSize + 4) & 0xffff;
  if (version !== dataVersion) {
    throw storeError(
      'foreign',
      `${path} has LMDB data version ${version}; this program reads ${dataVersion}`,
    );
  }
}

/** The snapshot LMDB opens for writing: the newest, but after a reboot the newest that had reached the disk. */
function pickSnapshot(snapshots: readonly [Snapshot, ...Snapshot[]]): Snapshot {
  const boot = bootNumber();
  const [first, ...others] = snapshots;
  return others.reduce((a, b) => {
    if (b.transaction === 0n) return a;
    const [older, newer] = a.transaction >= b.transaction ? [b, a] : [a, b];
    const complete = !newer.unsynced || (newer.boot !== 0n && newer.boot === boot);
    return complete ? newer : older;
  }, first);
}

/** This boot as the lmdb package stores it: the first group of hex digits of the boot id. */
function bootNumber(): bigint {
  const digits = /^[0-9a-f]+/i.exec(bootId())?.[0];
  return digits === undefined ? 0n : BigInt(`0x${digits}`);
}
