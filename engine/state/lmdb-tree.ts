/** Walks the page trees of an LMDB file and checks every page number, node offset and size against the file. */
import { pageHeaderSize, parseTree, readAt, type Snapshot, type TreeRoot, treeSize } from './lmdb-format.ts';
import { storeError } from './store-error.ts';

const nodeHeaderSize = 8;
const pageBranch = 0x01;
const pageLeaf = 0x02;
/** Leaves without node headers, for fixed-size duplicates: a store has none. */
const pageLeaf2 = 0x20;
const nodeBigData = 0x01;
const nodeSubTree = 0x02;
const nodeDuplicates = 0x04;
/** What a leaf holds of a value that has pages of its own: page number, transaction, count. */
const bigDataSize = 24;
const maximumDepth = 32;
/** Pages 0 and 1 are meta pages. */
const firstPage = 2;

interface Walk {
  readonly fd: number;
  readonly path: string;
  /** Pages in the file. */
  readonly pages: number;
  readonly pageSize: number;
  /** A page reached twice means a loop, or a tree that shares pages with another. */
  readonly seen: Set<number>;
}

/** Throws HC_STORE (reason 'corrupt') unless all trees of the snapshot lie within the file and are well formed. */
export function checkTrees(fd: number, path: string, fileSize: number, snapshot: Snapshot): void {
  const { pageSize } = snapshot;
  const walk: Walk = { fd, path, pages: Math.floor(fileSize / pageSize), pageSize, seen: new Set() };
  for (const tree of snapshot.trees) checkTree(walk, tree);
}

function checkTree(walk: Walk, tree: TreeRoot): void {
  if (tree.root === undefined) {
    if (tree.entries !== 0n) fail(walk, 'an empty tree claims entries');
    return;
  }
  if (tree.depth === 0 || tree.depth > maximumDepth) fail(walk, `a tree has depth ${tree.depth}`);
  const entries = checkPage(walk, tree.root, tree.depth);
  if (BigInt(entries) !== tree.entries)
    fail(walk, `a tree has ${entries} entries instead of ${tree.entries}`);
}

/** Checks the page and all below it; returns the entries found. */
function checkPage(walk: Walk, number: number, depth: number): number {
  checkRange(walk, number, 1);
  if (walk.seen.has(number)) fail(walk, `page ${number} is referred to twice`);
  walk.seen.add(number);
  const page = readAt(walk.fd, number * walk.pageSize, walk.pageSize);
  if (page === undefined) return fail(walk, `page ${number} cannot be read`);
  if (page.readBigUInt64LE(0) !== BigInt(number)) fail(walk, `page ${number} carries another number`);
  const kind = page.readUInt16LE(18) & (pageBranch | pageLeaf | pageLeaf2);
  if (kind !== (depth === 1 ? pageLeaf : pageBranch)) fail(walk, `page ${number} is of the wrong kind`);
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  if (lower === 0 || lower % 2 !== 0 || lower > upper || upper > walk.pageSize - pageHeaderSize) {
    fail(walk, `page ${number} has impossible bounds`);
  }
  let entries = 0;
  for (let pointer = 0; pointer < lower; pointer += 2) {
    const at = pageHeaderSize + page.readUInt16LE(pageHeaderSize + pointer);
    if (at < pageHeaderSize + upper || at + nodeHeaderSize > walk.pageSize) {
      fail(walk, `a node of page ${number} lies outside it`);
    }
    const data = at + nodeHeaderSize + page.readUInt16LE(at + 6);
    if (data > walk.pageSize) fail(walk, `a key leaves page ${number}`);
    if (depth > 1) {
      entries += checkPage(walk, page.readUIntLE(at, 6), depth - 1);
    } else {
      checkValue(walk, page, page.readUInt16LE(at + 4), data, page.readUInt32LE(at));
      entries += 1;
    }
  }
  return entries;
}

function checkValue(walk: Walk, page: Buffer, flags: number, data: number, size: number): void {
  const big = (flags & nodeBigData) !== 0;
  if (data + (big ? bigDataSize : size) > walk.pageSize) fail(walk, 'a value leaves its page');
  if ((flags & nodeDuplicates) !== 0) fail(walk, 'a value has duplicates, which a store never writes');
  if (big) {
    const count = Number(page.readBigUInt64LE(data + 16));
    if (count < Math.floor((pageHeaderSize - 1 + size) / walk.pageSize) + 1)
      fail(walk, 'a value has too few pages');
    checkRange(walk, Number(page.readBigUInt64LE(data)), count);
  } else if ((flags & nodeSubTree) !== 0) {
    if (size !== treeSize) fail(walk, 'the description of a tree is malformed');
    checkTree(walk, parseTree(page, data));
  }
}

function checkRange(walk: Walk, first: number, count: number): void {
  if (first < firstPage || first + count > walk.pages) {
    fail(walk, `page ${first + count - 1} is referred to, but the file holds ${walk.pages}`);
  }
}

function fail(walk: Walk, what: string): never {
  throw storeError('corrupt', `${walk.path} is damaged or cut short: ${what}`);
}
