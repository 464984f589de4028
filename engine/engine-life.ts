/** How an engine comes to run, in a process of its own or in the place of another, and how it ends. */
import { closeSync } from 'node:fs';
import { type Configuration, readConfiguration, sourceLines } from './configuration.ts';
import { callNative, fromNative } from './datapath/addon.ts';
import type { ClassCatalogue } from './datapath/class-catalogue.ts';
import type { ImportedState } from './datapath/transfer.ts';
import { EngineParts, type PartsOptions } from './engine-parts.ts';
import type { EngineOptions } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { checkGraph } from './graph/check.ts';
import { designRevision, loadClasses } from './revision-design.ts';
import { StoreSession } from './state/store-session.ts';
import { handOn } from './succession/hand-on.ts';
import type { HostProcess } from './succession/host-process.ts';
import type { LeavingEngine } from './succession/leaving-engine.ts';
import type { Predecessor } from './succession/predecessor.ts';
import { takeOver } from './take-over.ts';
import { type Revision, stateOf } from './upgrade/revision.ts';
import type { PlannedChange } from './upgrade/transaction.ts';

export interface StartOptions extends EngineOptions {
  /** Lets another process take this one's place, and this one that of another. */
  readonly host?: HostProcess;
}

/** What an engine is told while it lives. */
export interface LifeListener extends Pick<PartsOptions, 'onLine' | 'onStop'> {
  readonly onStore: (error: string | undefined) => void;
  readonly onWarning: (warning: HotclickError) => void;
  readonly onFailure: (error: Error) => void;
}

export class EngineLife {
  readonly #options: StartOptions;
  readonly #threads: number;
  readonly #catalogue: ClassCatalogue;
  readonly #listener: LifeListener;
  #parts: EngineParts | undefined;
  /** The parts have ended: another process has the engine, or nobody yet. */
  #left = false;

  constructor(options: StartOptions, threads: number, catalogue: ClassCatalogue, listener: LifeListener) {
    this.#options = options;
    this.#threads = threads;
    this.#catalogue = catalogue;
    this.#listener = listener;
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
      await this.#makeSuccessorParts(predecessor);
      const { parts } = this;
      const { onStore } = this.#listener;
      const own = { threads: this.#threads, catalogue: this.#catalogue, options: this.#options };
      await this.#orFailure(takeOver({ parts, predecessor, onStore, ...own }));
      await this.#startSync();
    } catch (error) {
      await predecessor.fail(error);
      throw error;
    }
  }

  /** Cancels an upgrade that is under way, ends the threads after a last sync, and lets go of everything. */
  async end(): Promise<void> {
    if (!this.#parts) return;
    await Promise.race([this.parts.upgrader.close(), this.parts.shardThreads.failed]);
    if (!this.#left) await this.parts.end();
    await this.parts.shelf.close();
  }

  async #startAlone(): Promise<void> {
    const { configuration } = this.#options;
    const read = readConfiguration(configuration, this.#options, this.#catalogue);
    checkGraph(read.graph, (name) => this.#catalogue.describe(name), sourceLines(read));
    await this.#makeParts(await this.#openStore());
    await this.#begin(read);
  }

  async #makeSuccessorParts(predecessor: Predecessor): Promise<void> {
    const { transfer: manifest } = predecessor.design;
    if (!manifest) return this.#makeParts(undefined);
    const fds = predecessor.takeFiles();
    try {
      await this.#makeParts(undefined, { manifest, fds, crashed: false });
    } finally {
      for (const fd of fds) closeSync(fd);
    }
  }

  async #openStore(): Promise<StoreSession | undefined> {
    const { store } = this.#options;
    return store === undefined ? undefined : StoreSession.open(store);
  }

  async #makeParts(store: StoreSession | undefined, transfer?: ImportedState): Promise<void> {
    const { host } = this.#options;
    try {
      const taken = transfer ? { transfer } : {};
      const options = { ...this.#options, ...this.#listener, ...taken, threads: this.#threads };
      this.#parts = await EngineParts.make(options, () => this.running);
    } catch (error) {
      await store?.close();
      throw error;
    }
    const { parts } = this;
    if (store) parts.useStore(store);
    if (host) {
      parts.upgrader.useProcess((change, step) => handOn(this.#leaving(host, change), change, step));
    }
    void parts.shardThreads.failed.then((error) => this.#listener.onFailure(error));
  }

  /** Runs a configuration with what the store has. */
  async #begin(configuration: Configuration): Promise<void> {
    const { native, shardThreads, shelf, store, upgrader } = this.parts;
    const { cpus, signal, statics = 'mapped' } = this.#options;
    const { graph } = configuration;
    await shardThreads.start(native, this.#threads, cpus ?? []);
    const before = await store?.recover();
    if (before) store?.restore(native, this.#threads, before);
    const sources = { catalogue: this.#catalogue, shelf, statics };
    const started = upgrader.run({
      kind: 'start',
      ...(signal ? { signal } : {}),
      design: async () => designRevision(configuration, await loadClasses(sources, graph, new Map(), before)),
    });
    await this.#orFailure(started);
    const warnings = store?.restoreWarnings((element, state) => stateOf(this.running, element, state)) ?? [];
    for (const warning of warnings) this.#listener.onWarning(warning);
    await this.#startSync();
  }

  /** What begins, unless a shard's thread dies first. */
  async #orFailure(begun: Promise<unknown>): Promise<void> {
    const failure = await Promise.race([begun, this.parts.shardThreads.failed]);
    if (failure instanceof Error) throw failure;
  }

  async #startSync(): Promise<void> {
    const { native, store, upgrader } = this.parts;
    await store?.startSync(native, this.#threads, upgrader, {
      interval: this.#options.syncInterval,
      onState: this.#listener.onStore,
    });
  }

  #leaving(host: HostProcess, { running }: PlannedChange): LeavingEngine {
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
        await parts.end();
      },
      leave: async () => {
        this.#left = true;
        await parts.end();
        return parts.shardThreads.lastBusy();
      },
      revive: async (undone) => {
        await this.#revive(running, undone);
        await shelf.close();
      },
    };
  }

  /** After a succession that came to nothing: everything is made anew, as after a crash. */
  async #revive(running: Revision | undefined, undone: { revision: number; reason: string }): Promise<void> {
    try {
      if (!running) throw new HotclickError('HC_INTERNAL', 'no revision was running');
      await this.#makeParts(await this.#openStore());
      this.#left = false;
      await this.parts.journal.fail(undone.revision, undone.reason);
      await this.#begin({ text: running.graphText, file: 'running graph', graph: running.graph });
    } catch (error) {
      this.#listener.onFailure(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }
}
