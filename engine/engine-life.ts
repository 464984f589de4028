/** How an engine comes to run, in a process of its own or in the place of another, and how it ends. */
import { closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Configuration, readConfiguration, sourceLines } from './configuration.ts';
import { callNative, fromNative } from './datapath/addon.ts';
import type { ClassCatalogue } from './datapath/class-catalogue.ts';
import { EngineDeposit } from './engine-deposit.ts';
import { EngineParts, type PartsOptions } from './engine-parts.ts';
import type { EngineOptions, OlderVersionSummary } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { checkGraph } from './graph/check.ts';
import type { TakenDeposit } from './holder/deposit.ts';
import type { FileKeeper } from './holder/file-keeper.ts';
import { connectHolder, reachHolder } from './holder/start-holder.ts';
import { OlderVersionWatch } from './older-version-watch.ts';
import { designRevision, loadClasses } from './revision-design.ts';
import type { RevisionRecord } from './state/journal.ts';
import { StoreSession } from './state/store-session.ts';
import { handOn } from './succession/hand-on.ts';
import type { HostProcess } from './succession/host-process.ts';
import type { LeavingEngine, Undone } from './succession/leaving-engine.ts';
import type { FinalMessage } from './succession/messages.ts';
import type { Predecessor } from './succession/predecessor.ts';
import { takeOver } from './take-over.ts';
import { MemoryJournal } from './upgrade/memory-journal.ts';
import { reloadOlder } from './upgrade/older-versions.ts';
import { type Revision, stateOf } from './upgrade/revision.ts';
import type { PlannedChange } from './upgrade/transaction.ts';
import { hotclickVersion } from './version.ts';

export interface StartOptions extends EngineOptions {
  /** Lets another process take this one's place, and this one that of another. */
  readonly host?: HostProcess;
  /** Keeps open devices and memory when this process dies; see openHolder. */
  readonly keeper?: FileKeeper;
}

/** What an engine is told while it lives. */
export interface LifeListener extends Pick<PartsOptions, 'onLine' | 'onStop'> {
  readonly onStore: (error: string | undefined) => void;
  readonly onWarning: (warning: HotclickError) => void;
  readonly onFailure: (error: Error) => void;
  /** An older version that ran beside the newest has gone. */
  readonly onEnded: (version: OlderVersionSummary) => void;
}

export class EngineLife {
  readonly #options: StartOptions;
  readonly #threads: number;
  readonly #catalogue: ClassCatalogue;
  readonly #listener: LifeListener;
  #parts: EngineParts | undefined;
  #olderVersions: OlderVersionWatch | undefined;
  /** The parts have ended: another process has the engine, or nobody yet. */
  #left = false;
  #keeper: FileKeeper | undefined;
  #deposit: EngineDeposit | undefined;
  /** Parts whose devices and memory stay as they are, for somebody else. */
  #resting: EngineParts | undefined;

  constructor(options: StartOptions, threads: number, catalogue: ClassCatalogue, listener: LifeListener) {
    this.#options = options;
    this.#threads = threads;
    this.#catalogue = catalogue;
    this.#listener = listener;
    if (options.keeper) this.#useKeeper(options.keeper);
  }

  get parts(): EngineParts {
    if (!this.#parts) throw new HotclickError('HC_INTERNAL', 'the engine has not been made');
    return this.#parts;
  }

  get running(): Revision {
    const { running } = this.parts.upgrader;
    if (!running) throw new HotclickError('HC_INTERNAL', 'no revision is running');
    return running;
  }

  /** @throws HotclickError; what was made is left to end() */
  async start(): Promise<void> {
    const predecessor = this.#options.host?.predecessor;
    if (!predecessor) return this.#startAlone();
    try {
      await this.#startAfter(predecessor);
    } catch (error) {
      await predecessor.fail(error);
      throw error;
    }
  }

  /** Cancels an upgrade that is under way, ends the threads after a last sync, and lets go of everything. */
  async end(): Promise<void> {
    this.#olderVersions?.end();
    const ran = this.#parts?.upgrader.running !== undefined;
    if (this.#parts) {
      await Promise.race([this.parts.upgrader.close(), this.parts.shardThreads.failed]);
      if (!this.#left) await this.parts.end();
      await this.parts.shelf.close();
    }
    this.#closeResting();
    // What another engine left is kept for the next one when this one never ran.
    if (ran && !this.#left) this.#deposit?.clear();
    this.#deposit?.close();
  }

  /** After every change: older versions that run beside the newest go when their flows have ended. */
  watchOlderVersions(): void {
    this.#olderVersions?.watch();
  }

  async #startAlone(): Promise<void> {
    const { configuration } = this.#options;
    const read = readConfiguration(configuration, this.#options, this.#catalogue);
    checkGraph(read.graph, (name) => this.#catalogue.describe(name), sourceLines(read));
    using kept = this.#deposit?.take();
    if (kept && (await this.#startWith(kept, read))) return;
    await this.#makeParts(await this.#openStore());
    await this.#begin(read);
  }

  /** Goes on with what an engine left that died; false when that cannot be, which is told. */
  async #startWith(kept: TakenDeposit, configuration: Configuration, undone?: Undone): Promise<boolean> {
    try {
      await this.#makeParts(await this.#openStore(), { transfer: kept.imported });
      await this.parts.shelf.copyFrom(kept.libraries);
      if (!this.parts.store) this.parts.useJournal(new MemoryJournal(kept.records));
      await this.#begin(configuration, { hasMemory: true, ...(undone ? { undone } : {}) });
      return true;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const warning = `what was kept of the engine before cannot be used: ${why}`;
      this.#listener.onWarning(new HotclickError('HC_TRANSFER', warning, { cause }));
      await this.#parts?.end();
      await this.#parts?.shelf.close();
      this.#parts = undefined;
      return false;
    }
  }

  async #startAfter(predecessor: Predecessor): Promise<void> {
    const { design } = predecessor;
    if (design.holder !== undefined && !this.#deposit) this.#useKeeper(connectHolder(design.holder));
    this.#deposit?.follow(design.pid);
    using given = await this.#giveParts(predecessor);
    const own = { threads: this.#threads, catalogue: this.#catalogue, options: this.#options };
    const { onStore } = this.#listener;
    await this.#orFailure(takeOver({ ...given, parts: this.parts, predecessor, onStore, ...own }));
    await this.#startSync(given.final !== undefined);
  }

  /** Makes the parts on what the predecessor hands over; the files are open as long as the result. */
  async #giveParts(predecessor: Predecessor): Promise<Disposable & { final?: FinalMessage }> {
    const { transfer: manifest, holder } = predecessor.design;
    if (holder !== undefined) {
      const final = await predecessor.prepared(hotclickVersion());
      const kept = this.#deposit?.take();
      if (!kept) throw new HotclickError('HC_HOLDER', 'the holder has nothing of the engine');
      await this.#makeParts(await this.#openStore(), { transfer: kept.imported });
      return Object.assign(kept, { final });
    }
    const fds = manifest ? predecessor.takeFiles() : [];
    await this.#makeParts(undefined, {
      ...(manifest ? { transfer: { manifest, fds, crashed: false } } : {}),
      beside: predecessor.design.strategy === 'dual-main',
    });
    return {
      [Symbol.dispose]: () => {
        for (const fd of fds) closeSync(fd);
      },
    };
  }

  #closeResting(): void {
    this.#resting?.native.close();
    this.#resting = undefined;
  }

  #useKeeper(keeper: FileKeeper): EngineDeposit {
    this.#keeper = keeper;
    this.#deposit = new EngineDeposit(
      keeper,
      () => this.parts,
      (error) => this.#listener.onWarning(new HotclickError('HC_HOLDER', error)),
    );
    return this.#deposit;
  }

  async #openStore(): Promise<StoreSession | undefined> {
    const { store } = this.#options;
    return store === undefined ? undefined : StoreSession.open(store);
  }

  async #makeParts(store: StoreSession | undefined, from: PartsOrigin = {}): Promise<void> {
    const { host } = this.#options;
    try {
      const onRegions = () => this.#deposit?.onRegions();
      const own = { ...from, onRegions, threads: this.#threads };
      const options = { ...this.#options, ...this.#listener, ...own };
      this.#parts = await EngineParts.make(options, () => this.running);
    } catch (error) {
      await store?.close();
      throw error;
    }
    const { parts } = this;
    if (store) parts.useStore(store);
    if (this.#deposit) parts.upgrader.useListener(this.#deposit);
    this.#olderVersions = new OlderVersionWatch(parts, this.#listener.onEnded, this.#listener.onWarning);
    if (host) {
      parts.upgrader.useProcess((change, step) => handOn(this.#leaving(host, change), change, step));
    }
    void parts.shardThreads.failed.then((error) => this.#listener.onFailure(error));
  }

  /** Runs a configuration with what the store has, or with what is in the memory already. */
  async #begin(
    configuration: Configuration,
    { hasMemory = false, undone }: { readonly hasMemory?: boolean; readonly undone?: Undone } = {},
  ): Promise<void> {
    const { native, shardThreads, shelf, store, journal, upgrader } = this.parts;
    const { cpus, signal, statics = 'mapped' } = this.#options;
    const { graph } = configuration;
    await shardThreads.start(native, this.#threads, cpus ?? []);
    if (undone && journal.get(undone.revision)?.status === 'pending')
      await journal.fail(undone.revision, undone.reason);
    await journal.recover();
    const before = journal.current();
    if (before && !hasMemory) store?.restore(native, this.#threads, before);
    const sources = { catalogue: this.#catalogue, shelf, statics };
    const started = upgrader.run({
      kind: 'start',
      ...(signal ? { signal } : {}),
      design: async () => ({
        ...designRevision(configuration, await loadClasses(sources, graph, new Map(), before)),
        older: await reloadOlder(shelf, graph, before?.older ?? []),
      }),
    });
    await this.#orFailure(started);
    const warnings = store?.restoreWarnings((element, state) => stateOf(this.running, element, state)) ?? [];
    for (const warning of warnings) this.#listener.onWarning(warning);
    await this.#startSync(hasMemory);
  }

  /** What begins, unless a shard's thread dies first. */
  async #orFailure(begun: Promise<unknown>): Promise<void> {
    const failure = await Promise.race([begun, this.parts.shardThreads.failed]);
    if (failure instanceof Error) throw failure;
  }

  /** `complete`: the memory has more than the store, whatever that has. */
  async #startSync(complete = false): Promise<void> {
    const { native, store, upgrader } = this.parts;
    await store?.startSync(native, this.#threads, upgrader, {
      interval: this.#options.syncInterval,
      complete,
      onState: this.#listener.onStore,
    });
    this.watchOlderVersions();
  }

  #leaving(host: HostProcess, change: PlannedChange): LeavingEngine {
    const { parts } = this;
    const { shelf, native, upgrader } = parts;
    let isPaused = false;
    return {
      host,
      tools: upgrader.tools,
      hasStore: parts.store !== undefined,
      libraryFiles: () => shelf.files(),
      libraryFile: (loaded) => shelf.fileOf(loaded),
      sync: () => parts.sync(),
      exportState: () => callNative(() => native.exportState()),
      pauseSync: async () => {
        isPaused = true;
        await parts.store?.stopSync();
      },
      resumeSync: async () => {
        if (isPaused) await this.#startSync();
        isPaused = false;
      },
      handOut: (patience) => native.handOut(patience).catch((error) => Promise.reject(fromNative(error))),
      leaveParted: async () => {
        this.#left = true;
        this.#deposit?.leave();
        await parts.end();
      },
      entrust: async () => {
        const keeper = this.#keeper ?? (await reachHolder(holderPath(), briefLinger));
        if (keeper.path === undefined) throw noHolder();
        const deposit = this.#deposit ?? this.#useKeeper(keeper);
        parts.upgrader.useListener(deposit);
        deposit.onPrepared();
        return keeper.path;
      },
      canBeBeside: () => native.canBeBeside(),
      recordWrites: () => parts.recordWrites(),
      lastFrames: () => Array.from({ length: this.#threads }, (_, shard) => native.lastFrames(shard)),
      leave: async ({ entrusted = false, rest = entrusted } = {}) => {
        this.#left = true;
        this.#olderVersions?.end();
        if (rest) {
          this.#resting = parts;
          await parts.rest();
        } else {
          await parts.end();
        }
        if (!entrusted) this.#deposit?.clear();
        this.#deposit?.leave();
        return parts.shardThreads.lastBusy();
      },
      revive: async (undone) => {
        await this.#revive(change, parts.store ? [] : parts.journal.list(), undone);
        this.#closeResting();
        await shelf.close();
      },
    };
  }

  /** After a succession that came to nothing: everything is made anew, as after a crash. */
  async #revive(
    { running }: PlannedChange,
    records: readonly RevisionRecord[],
    undone: Undone,
  ): Promise<void> {
    try {
      if (!running) throw new HotclickError('HC_INTERNAL', 'no revision was running');
      const configuration = { text: running.graphText, file: 'running graph', graph: running.graph };
      this.#left = false;
      if (undone.entrustedTo !== undefined) this.#deposit?.follow(undone.entrustedTo);
      using kept = undone.entrustedTo === undefined ? undefined : this.#deposit?.take();
      if (kept && (await this.#startWith(kept, configuration, undone))) return;
      await this.#makeParts(await this.#openStore());
      if (!this.parts.store) this.parts.useJournal(new MemoryJournal(records));
      await this.#begin(configuration, { undone });
    } catch (error) {
      this.#listener.onFailure(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }
}

/** What parts begin with, and beside whom. */
type PartsOrigin = Pick<PartsOptions, 'transfer' | 'beside'>;

/** s for which such a holder waits for the next engine when both have died: nobody would know of it. */
const briefLinger = 10;

/** Of an engine that had none until it was asked to hand its devices to one. */
function holderPath(): string {
  return join(tmpdir(), `hotclick-holder-${process.pid}.sock`);
}

function noHolder(): HotclickError {
  return new HotclickError('HC_ARGUMENT', 'the strategy two-process needs a holder of our own', {
    hint: 'the service manager gives files to a process that it starts only: use handover, or run with --holder',
  });
}
