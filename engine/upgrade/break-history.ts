/**
 * The breaks of earlier upgrades on this machine: a line of JSON each, in a file that all engines of the user share. A
 * file that cannot be read or written is no fault of an upgrade: then the history is this process's own.
 */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, homedir, hostname } from 'node:os';
import { dirname, join } from 'node:path';

/** One upgrade. */
export interface BreakRecord {
  readonly at: string;
  readonly machine: string;
  readonly strategy: string;
  readonly elements: number;
  readonly bytes: number;
  /** ns, in the order in which the shards changed over. */
  readonly breaks: readonly number[];
}

/** Upgrades that are looked at; older ones are of another time. */
const kept = 512;

export class BreakHistory {
  readonly #file: string | undefined;
  readonly #own: BreakRecord[] = [];

  /** @param file undefined: remembered by this process only */
  constructor(file: string | undefined = defaultFile()) {
    this.#file = file;
  }

  /** Those of this machine by that strategy, oldest first. */
  async list(strategy: string): Promise<BreakRecord[]> {
    const records = (await this.#read()) ?? this.#own;
    const machine = thisMachine();
    return records.filter((one) => one.machine === machine && one.strategy === strategy).slice(-kept);
  }

  async add(record: Omit<BreakRecord, 'at' | 'machine'>): Promise<void> {
    const whole = { at: new Date().toISOString(), machine: thisMachine(), ...record };
    this.#own.push(whole);
    if (this.#own.length > 2 * kept) this.#own.splice(0, kept);
    if (this.#file === undefined) return;
    try {
      await mkdir(dirname(this.#file), { recursive: true });
      await appendFile(this.#file, `${JSON.stringify(whole)}\n`, { mode: 0o600 });
    } catch {
      // The next upgrade is predicted from what this process remembers.
    }
  }

  async #read(): Promise<BreakRecord[] | undefined> {
    if (this.#file === undefined) return undefined;
    const text = await readFile(this.#file, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const lines = text.split('\n');
    const records = lines.flatMap((line) => parseRecord(line) ?? []);
    if (lines.length > 8 * kept) await this.#shorten(records);
    return records;
  }

  async #shorten(records: readonly BreakRecord[]): Promise<void> {
    const text = records
      .slice(-4 * kept)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join('');
    await writeFile(this.#file!, text, { mode: 0o600 }).catch(() => undefined);
  }
}

/** $XDG_STATE_HOME/hotclick/breaks.jsonl; none where there is no home. */
function defaultFile(): string | undefined {
  const { XDG_STATE_HOME } = process.env;
  if (XDG_STATE_HOME) return join(XDG_STATE_HOME, 'hotclick', 'breaks.jsonl');
  return homedir() === '/' ? undefined : join(homedir(), '.local', 'state', 'hotclick', 'breaks.jsonl');
}

/** A home directory may be on several machines. */
function thisMachine(): string {
  return `${hostname()}, ${cpus().length} x ${cpus()[0]?.model ?? process.arch}`;
}

/** Undefined for what is no record of ours, as a line that was cut short. */
function parseRecord(line: string): BreakRecord | undefined {
  try {
    const one = JSON.parse(line) as Partial<BreakRecord>;
    const good =
      typeof one.machine === 'string' &&
      typeof one.strategy === 'string' &&
      Number.isFinite(one.elements) &&
      Number.isFinite(one.bytes) &&
      Array.isArray(one.breaks) &&
      one.breaks.every((ns) => Number.isFinite(ns) && ns > 0);
    return good ? (one as BreakRecord) : undefined;
  } catch {
    return undefined;
  }
}
