/** Keeps what a keeper has of an engine up to date. A keeper that fails is told; forwarding goes on. */

import type { EngineParts } from './engine-parts.ts';
import { HotclickError } from './errors.ts';
import { type KeptEngine, TakenDeposit, writeDeposit } from './holder/deposit.ts';
import type { FileKeeper } from './holder/file-keeper.ts';
import type { LibraryVersion, RevisionRecord } from './state/journal.ts';
import type { TransactionListener } from './upgrade/transaction.ts';

export class EngineDeposit implements TransactionListener {
  readonly #keeper: FileKeeper;
  readonly #parts: () => EngineParts;
  readonly #onError: (error: string) => void;
  /** The process whose files are kept until now. */
  #from: number | undefined;
  #isOwner = false;

  constructor(keeper: FileKeeper, parts: () => EngineParts, onError: (error: string) => void) {
    this.#keeper = keeper;
    this.#parts = parts;
    this.#onError = onError;
  }

  /** What another engine has left; undefined when there is nothing. @throws HotclickError HC_HOLDER, HC_TRANSFER */
  take(): TakenDeposit | undefined {
    this.#own();
    const files = this.#keeper.take();
    return files.length === 0 ? undefined : new TakenDeposit(files);
  }

  /** This engine comes after that of a living process, whose files are kept until this one has its own. */
  follow(pid: number): void {
    this.#from = pid;
    this.#isOwner = false;
  }

  /** The regions or devices have changed. In a transaction they will again: it tells when it has come to its points. */
  onRegions(): void {
    if (this.#isOwner && !this.#parts().upgrader.isBusy) this.#refresh();
  }

  onPrepared(): void {
    this.#refresh();
  }

  onEnded(): void {
    if (this.#isOwner) this.#refresh();
  }

  /** Another engine may have what is kept, or nobody yet: it stays as it is. */
  leave(): void {
    this.#isOwner = false;
  }

  /** The engine ends on purpose. */
  clear(): void {
    this.#try(() => {
      if (this.#isOwner) this.#keeper.clear();
    });
  }

  /** Whatever is kept stays. */
  close(): void {
    this.#isOwner = false;
    this.#keeper.close();
  }

  #own(): void {
    if (this.#isOwner) return;
    this.#keeper.own(this.#from);
    this.#isOwner = true;
  }

  #refresh(): void {
    this.#try(() => {
      this.#own();
      const { native, store, journal, shelf } = this.#parts();
      const exported = native.exportState(true);
      const records = journal.list();
      const kept: KeptEngine = {
        exported,
        libraries: new Map(
          librariesToKeep(records).map((library) => [library.sha256, shelf.fileOf(library)] as const),
        ),
        ...(store ? {} : { records }),
      };
      writeDeposit(kept, (files) => this.#keeper.put(files));
    });
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      // Described again when the revision is installed.
      if (error instanceof HotclickError && error.code === 'HC_UPGRADE_BUSY') return;
      this.#onError(error instanceof Error ? error.message : String(error));
    }
  }
}

/** What the last revision, and the one that an upgrade may be rolling, cannot take from the installation. */
function librariesToKeep(records: readonly RevisionRecord[]): LibraryVersion[] {
  const last = records.filter(({ status }) => status === 'committed' || status === 'pending').slice(-2);
  return last.flatMap(({ libraries, older = [] }) => [
    ...Object.values(libraries).filter(({ installed }) => !installed),
    ...older.filter(({ endedAt }) => endedAt === undefined),
  ]);
}
