/** What the firewall that captures go through must have counted and must know. */
import type { StateRow } from '../../../engine/state/query.ts';
import type { Capture } from '../captures.ts';

export interface CaptureCounts {
  /** Packets that were read from captures. */
  readonly read: number;
  readonly allowed: number;
  readonly denied: number;
}

export class CaptureModel {
  readonly #all: ReadonlySet<string>;
  /** Read but not counted, or the other way round, when the engine was started: what was under way when it was killed. */
  #offset = 0;

  constructor(captures: readonly Capture[]) {
    this.#all = new Set(captures.flatMap(({ conversations }) => [...conversations]));
  }

  /** The engine was started from its store. */
  restarted({ read, allowed, denied }: CaptureCounts): void {
    this.#offset = read - allowed - denied;
  }

  /** `replayed`: the capture that has just been read to its end. */
  check({ read, allowed, denied }: CaptureCounts, rows: readonly StateRow[], replayed: Capture): string[] {
    const faults: string[] = [];
    if (read - allowed - denied !== this.#offset)
      faults.push(`of ${read} packets read ${allowed} were allowed and ${denied} denied`);
    const known = new Set(rows.filter(({ key }) => key?.protocol === 17).map(nameOf));
    const missing = [...replayed.conversations].filter((name) => !known.has(name));
    const strange = [...known].filter((name) => !this.#all.has(name));
    if (missing.length > 0)
      faults.push(`${missing.length} conversations are not known, such as ${missing[0]}`);
    if (strange.length > 0)
      faults.push(`${strange.length} conversations are in no capture, such as ${strange[0]}`);
    return faults;
  }
}

function nameOf({ key }: StateRow): string {
  return `${key?.inside}:${key?.inside_port}>${key?.outside}:${key?.outside_port}`;
}
