/** Turns what the file system and LMDB report into HC_STORE errors that say what happened to which store. */
import { statfsSync } from 'node:fs';
import { HotclickError } from '../errors.ts';

/** `details.reason` of every HC_STORE error. */
export type StoreFailure =
  | 'closed'
  | 'corrupt'
  | 'foreign'
  | 'full'
  | 'held'
  | 'io'
  | 'missing'
  | 'permission'
  | 'pruned'
  | 'read-only';

const hints: Partial<Record<StoreFailure, string>> = {
  corrupt: 'move the directory away and start with a fresh store, or put a copy of it back',
  foreign: 'name another directory; this one belongs to another program',
  full: 'free some space; forwarding goes on and the store is written again as soon as there is room',
  held: 'stop the other engine, or give this one a store directory of its own',
  permission: 'give the user that runs the engine write permission, or name another directory',
  pruned: 'list the revisions that are kept with `hotclick state history`',
  'read-only': 'mount the file system writable, or name another directory',
};

export function storeError(
  reason: StoreFailure,
  message: string,
  particulars: { cause?: unknown; details?: Record<string, unknown> } = {},
): HotclickError {
  const hint = hints[reason];
  return new HotclickError('HC_STORE', message, {
    ...(particulars.cause === undefined ? {} : { cause: particulars.cause }),
    ...(hint === undefined ? {} : { hint }),
    details: { reason, ...particulars.details },
  });
}

/** The reason in the details of an HC_STORE error; undefined for any other value. */
export function storeFailure(error: unknown): StoreFailure | undefined {
  if (!(error instanceof HotclickError) || error.code !== 'HC_STORE') return undefined;
  return error.details.reason as StoreFailure | undefined;
}

/** Bytes an unprivileged program may still write in the file system of `directory`. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** Below this a failed write is taken for a full disk: LMDB reports a short write as EIO. */
const nearlyFull = 64 * 1024;

const lmdbCodes: Record<number, StoreFailure> = {
  [-30797]: 'corrupt', // MDB_PAGE_NOTFOUND
  [-30796]: 'corrupt', // MDB_CORRUPTED
  [-30794]: 'foreign', // MDB_VERSION_MISMATCH
  [-30793]: 'foreign', // MDB_INVALID
  [-30792]: 'full', // MDB_MAP_FULL
  1: 'permission',
  5: 'io',
  13: 'permission',
  28: 'full',
  30: 'read-only',
  122: 'full', // EDQUOT
};

const systemCodes: Record<string, StoreFailure> = {
  EACCES: 'permission',
  EDQUOT: 'full',
  ENOENT: 'missing',
  ENOSPC: 'full',
  EPERM: 'permission',
  EROFS: 'read-only',
};

const sentences: Record<StoreFailure, string> = {
  closed: 'it is closed',
  corrupt: 'its data is damaged',
  foreign: 'it holds a file of another program',
  full: 'no space is left on the device',
  held: 'another engine holds it',
  io: 'input/output error',
  missing: 'there is no store',
  permission: 'permission denied',
  pruned: 'the revision is no longer kept',
  'read-only': 'the file system is read-only',
};

/** An HC_STORE error for a failed system call or LMDB call; HotclickErrors pass through as they are. */
export function describeFailure(action: string, directory: string, cause: unknown): HotclickError {
  if (cause instanceof HotclickError) return cause;
  const code = (cause as { code?: unknown } | undefined)?.code;
  let reason: StoreFailure = 'io';
  if (typeof code === 'number') reason = lmdbCodes[code] ?? 'io';
  else if (typeof code === 'string') reason = systemCodes[code] ?? 'io';
  if (reason === 'io' && isNearlyFull(directory)) reason = 'full';
  const known =
    typeof code === 'number' ? code in lmdbCodes : typeof code === 'string' && code in systemCodes;
  const why = known || reason === 'full' ? sentences[reason] : messageOf(cause);
  return storeError(reason, `cannot ${action} the store ${directory}: ${why}`, { cause });
}

function isNearlyFull(directory: string): boolean {
  try {
    return freeBytes(directory) < nearlyFull;
  } catch {
    return false;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
