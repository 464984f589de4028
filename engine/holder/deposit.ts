/** What is kept of an engine: its open files, and in the first of them what they are. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { addon, callNative } from '../datapath/addon.ts';
import type { ExportedState, ImportedState, TransferManifest } from '../datapath/transfer.ts';
import { HotclickError } from '../errors.ts';
import type { RevisionRecord } from '../state/journal.ts';

const format = 1;

interface Description {
  readonly format: number;
  readonly manifest: TransferManifest;
  /** Hashes of libraries, whose files come behind those of the manifest. */
  readonly libraries: readonly string[];
  /** The journal of an engine without a store. */
  readonly records?: readonly RevisionRecord[];
}

export interface KeptEngine {
  readonly exported: ExportedState;
  /** Files of libraries that an upgrade had chosen, by hash: they may be gone when they are needed. */
  readonly libraries: ReadonlyMap<string, string>;
  readonly records?: readonly RevisionRecord[];
}

/** Gives the files of a deposit to `put`; those that it opened itself are closed then. */
export function writeDeposit(
  { exported, libraries, records }: KeptEngine,
  put: (files: number[]) => void,
): void {
  const description: Description = {
    format,
    manifest: exported.manifest,
    libraries: [...libraries.keys()],
    ...(records ? { records } : {}),
  };
  const own: number[] = [];
  try {
    const bytes = Buffer.from(JSON.stringify(description));
    own.push(callNative(() => addon().memoryFile('hotclick-deposit', bytes)));
    for (const file of libraries.values()) own.push(openSync(file, 'r'));
    put([own[0]!, ...exported.fds, ...own.slice(1)]);
  } finally {
    for (const file of own) closeSync(file);
  }
}

/** A deposit that was taken. It has the files, and closes them. */
export class TakenDeposit implements Disposable {
  readonly #files: readonly number[];
  readonly #description: Description;

  /** @throws HotclickError HC_TRANSFER when it is not one of this version's */
  constructor(files: readonly number[]) {
    this.#files = files;
    try {
      this.#description = JSON.parse(readFileSync(pathOf(files[0]), 'utf8')) as Description;
      if (this.#description.format !== format) throw new Error(`it has format ${this.#description.format}`);
    } catch (cause) {
      this[Symbol.dispose]();
      throw new HotclickError('HC_TRANSFER', 'what was kept cannot be read', { cause });
    }
  }

  get imported(): ImportedState {
    const { manifest } = this.#description;
    return { manifest, fds: this.#files.slice(1, 1 + manifest.files.length), crashed: true };
  }

  get records(): readonly RevisionRecord[] | undefined {
    return this.#description.records;
  }

  /** Files of libraries, by hash; valid as long as this is. */
  get libraries(): ReadonlyMap<string, string> {
    const { libraries, manifest } = this.#description;
    const files = this.#files.slice(1 + manifest.files.length);
    return new Map(libraries.map((sha256, i) => [sha256, pathOf(files[i])]));
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) closeSync(file);
  }
}

/** Read from its begin, wherever others have read to. */
function pathOf(file: number | undefined): string {
  return `/proc/self/fd/${file}`;
}
