/**
 * The service manager as keeper of files: systemd's file descriptor store (FileDescriptorStoreMax= of the unit). It gives
 * them back to the next process that it starts for the unit. It takes the same open file only once, so that each has a
 * name that stays the same; a last file has the names in their order.
 */
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { addon, callNative } from '../datapath/addon.ts';
import type { FileKeeper } from './file-keeper.ts';
import type { ServiceManager } from './service-manager.ts';

/** sd_listen_fds(3): the first descriptor that was passed. */
const firstDescriptor = 3;
const prefix = 'hotclick-';
const orderPrefix = 'hotclick-order-';

export class ServiceStore implements FileKeeper {
  readonly #manager: ServiceManager;
  /** What the manager gave to this process. */
  readonly #given: ReadonlyMap<string, number>;
  #kept: Set<string>;
  #order = 0;

  constructor(manager: ServiceManager, env: Readonly<Record<string, string | undefined>>) {
    this.#manager = manager;
    this.#given = givenFiles(env);
    this.#kept = new Set(this.#given.keys());
  }

  /** The manager knows whose files they are. */
  own(): void {}

  take(): readonly number[] {
    const orders = [...this.#given.keys()].filter((name) => name.startsWith(orderPrefix)).sort(byNumber);
    const order = orders.at(-1);
    const names = order === undefined ? [] : (JSON.parse(read(this.#given.get(order))) as string[]);
    const files = names.map((name) => this.#given.get(name));
    this.#order = order === undefined ? 0 : numberOf(order);
    const isWhole = files.every((file) => file !== undefined);
    for (const [name, file] of this.#given) if (!isWhole || !names.includes(name)) closeSync(file);
    return isWhole ? files : [];
  }

  put(files: readonly number[]): void {
    const names = namesOf(files);
    for (const [i, name] of names.entries()) if (!this.#kept.has(name)) this.#store(name, files[i]!);
    this.#order += 1;
    const order = callNative(() => addon().memoryFile('hotclick-order', Buffer.from(JSON.stringify(names))));
    const orderName = `${orderPrefix}${this.#order}`;
    this.#store(orderName, order);
    closeSync(order);
    const now = new Set([...names, orderName]);
    for (const name of this.#kept) if (!now.has(name)) this.#remove(name);
    this.#kept = now;
  }

  clear(): void {
    for (const name of this.#kept) this.#remove(name);
    this.#kept.clear();
  }

  close(): void {}

  #store(name: string, file: number): void {
    this.#manager.notify({ FDSTORE: 1, FDNAME: name }, [file]);
  }

  #remove(name: string): void {
    this.#manager.notify({ FDSTOREREMOVE: 1, FDNAME: name });
  }
}

function givenFiles(env: Readonly<Record<string, string | undefined>>): Map<string, number> {
  if (Number(env.LISTEN_PID) !== process.pid) return new Map();
  const names = (env.LISTEN_FDNAMES ?? '').split(':').slice(0, Number(env.LISTEN_FDS ?? 0));
  const files = names.map((name, i): [string, number] => [name, firstDescriptor + i]);
  return new Map(files.filter(([name]) => name.startsWith(prefix)));
}

/** By what is open; an interface of /dev/net/tun by its name, since all have one inode. */
function namesOf(files: readonly number[]): string[] {
  const count = new Map<string, number>();
  return files.map((file) => {
    const { dev, ino } = fstatSync(file);
    const device = /^iff:\s*(\S+)/m.exec(read(file, 'fdinfo'))?.[1];
    const name = `${prefix}${dev}-${ino}${device === undefined ? '' : `-${device}`}`;
    const n = count.get(name) ?? 0;
    count.set(name, n + 1);
    return n === 0 ? name : `${name}-${n}`;
  });
}

function read(file: number | undefined, kind: 'fd' | 'fdinfo' = 'fd'): string {
  return readFileSync(`/proc/self/${kind}/${file}`, 'utf8');
}

function numberOf(name: string): number {
  return Number(name.slice(orderPrefix.length));
}

function byNumber(a: string, b: string): number {
  return numberOf(a) - numberOf(b);
}
