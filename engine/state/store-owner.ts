/**
 * Who holds a store. `owner.json` in its directory names the process by pid, start time and boot, so that the file
 * a killed engine left behind is recognised as stale even when its pid has been given to another process.
 */
import { closeSync, constants, openSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { storeError } from './store-error.ts';

export interface StoreOwner {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
  readonly bootId: string;
  /** Pids mean nothing in another pid namespace; an owner from one is taken for dead. */
  readonly pidNamespace: string;
  readonly since: string;
}

const fileName = 'owner.json';
const fileSize = 1024;

/** The living process that holds the store; undefined when there is none or it has died. */
export function livingOwner(directory: string): StoreOwner | undefined {
  const owner = readOwner(directory);
  if (owner === undefined) return undefined;
  if (owner.bootId !== bootId() || owner.pidNamespace !== pidNamespace()) return undefined;
  return startTimeOf(owner.pid) === owner.startTime ? owner : undefined;
}

/** Throws HC_STORE (reason 'held') when a living process holds the store. */
export function refuseIfHeld(directory: string): void {
  const owner = livingOwner(directory);
  if (owner === undefined) return;
  const who = owner.pid === process.pid ? 'this process' : `process ${owner.pid}`;
  throw storeError('held', `the store ${directory} is held by ${who} since ${owner.since}`, {
    details: { owner },
  });
}

/**
 * Makes this process the owner. Two processes must not be in here for one directory at the same time: the caller
 * holds LMDB's write lock, which the kernel's robust mutexes hand on when its holder is killed.
 */
export function claimOwnership(directory: string): void {
  refuseIfHeld(directory);
  const owner: StoreOwner = {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: bootId(),
    pidNamespace: pidNamespace(),
    since: new Date().toISOString(),
  };
  writeOwner(directory, owner);
}

/** Gives the store up; a file that names another process is left alone. */
export function releaseOwnership(directory: string): void {
  const owner = readOwner(directory);
  if (owner?.pid === process.pid && owner.startTime === startTimeOf(process.pid)) {
    writeOwner(directory, {});
  }
}

/** Always the same size and in place: that takes no room, so a store can be taken over on a full disk. */
function writeOwner(directory: string, owner: StoreOwner | Record<string, never>): void {
  const fd = openSync(join(directory, fileName), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    writeSync(fd, JSON.stringify(owner).padEnd(fileSize), 0);
  } finally {
    closeSync(fd);
  }
}

function readOwner(directory: string): StoreOwner | undefined {
  try {
    const owner = JSON.parse(readFileSync(join(directory, fileName), 'utf8')) as Partial<StoreOwner> | null;
    if (typeof owner?.pid !== 'number' || typeof owner.startTime !== 'string') return undefined;
    return owner as StoreOwner;
  } catch {
    return undefined; // absent, or cut short by a full disk: nobody that lives wrote it
  }
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in parentheses, which may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The kernel's identity of this boot; empty where /proc does not tell. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
