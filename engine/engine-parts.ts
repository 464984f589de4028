/** What a running engine is made of. All of it is made anew when an engine is started again within its process. */
import { addon, callNative } from './datapath/addon.ts';
import { ReplaceableEngine } from './datapath/replaceable-engine.ts';
import { createControlPages, ShardThreads } from './datapath/shard-threads.ts';
import type { ImportedState } from './datapath/transfer.ts';
import type { EngineOptions } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { Handlers } from './handlers.ts';
import type { WriteRecord } from './state/store.ts';
import type { StoreSession } from './state/store-session.ts';
import { BreakHistory } from './upgrade/break-history.ts';
import type { UpgradeChecks } from './upgrade/checks.ts';
import { type CommonOptions, CoreReplacement } from './upgrade/core-replacement.ts';
import { LibraryShelf } from './upgrade/library-shelf.ts';
import { type Journal, MemoryJournal } from './upgrade/memory-journal.ts';
import type { Revision } from './upgrade/revision.ts';
import { Shadow } from './upgrade/shadow/shadow.ts';
import { Upgrader } from './upgrade/upgrader.ts';
import { Verifier } from './upgrade/verify/verifier.ts';

export interface PartsOptions extends Pick<EngineOptions, 'packets' | 'busyPoll' | 'cpus' | 'breakHistory'> {
  /** Memory and devices of another engine. */
  readonly transfer?: ImportedState;
  /** Another engine has devices of its own for the same things. */
  readonly beside?: boolean;
  readonly threads: number;
  readonly onLine: (shard: number, line: string) => void;
  readonly onStop: () => void;
  /** What exportState() says has changed. */
  readonly onRegions: () => void;
}

const defaultPackets = 32_768;

export class EngineParts {
  readonly native: ReplaceableEngine;
  readonly shardThreads: ShardThreads;
  readonly shelf: LibraryShelf;
  readonly verifier: Verifier;
  readonly upgrader: Upgrader;
  readonly handlers: Handlers;
  readonly #core: CoreReplacement;
  #store: StoreSession | undefined;
  #journal: Journal = new MemoryJournal();

  private constructor(
    common: CommonOptions,
    native: ReplaceableEngine,
    shardThreads: ShardThreads,
    shelf: LibraryShelf,
    history: BreakHistory,
    running: () => Revision,
  ) {
    const { shards } = common;
    this.native = native;
    this.shardThreads = shardThreads;
    this.shelf = shelf;
    const shadow = new Shadow(native, shards, shelf);
    this.#core = new CoreReplacement(native, shardThreads, shelf, common);
    this.verifier = new Verifier(native, shelf, shards);
    const checks: UpgradeChecks = {
      verify: (change, step) => this.verifier.verify(change, step),
      shadow: (change, step) => shadow.run(change, step),
      end: () => this.verifier.end(),
    };
    this.upgrader = new Upgrader(native, shards, this.#journal, shelf, { checks, core: this.#core, history });
    this.handlers = new Handlers(native, shards, running);
  }

  /** Makes them; no thread runs yet. `running`: the revision that handlers are looked up in. */
  static async make(options: PartsOptions, running: () => Revision): Promise<EngineParts> {
    const { threads, onLine, onStop, onRegions } = options;
    const control = createControlPages(threads);
    let made: EngineParts | undefined;
    const common: CommonOptions = {
      shards: threads,
      packets: options.packets ?? defaultPackets,
      busyPoll: options.busyPoll ?? false,
      cpus: options.cpus ?? [],
      onLine,
      onStop,
      onFault: (fault) => made?.upgrader.hearFault(fault),
      onRegions,
    };
    const { transfer, beside = false } = options;
    const taken = transfer ? { transfer } : {};
    const native = new ReplaceableEngine(
      callNative(() => new (addon().Engine)({ ...common, ...taken, beside, control })),
    );
    try {
      const shelf = await LibraryShelf.open(native);
      const history = new BreakHistory(options.breakHistory);
      made = new EngineParts(common, native, new ShardThreads(control), shelf, history, running);
      return made;
    } catch (error) {
      native.close();
      throw error;
    }
  }

  get store(): StoreSession | undefined {
    return this.#store;
  }
  get journal(): Journal {
    return this.#journal;
  }

  /** From now on revisions are recorded there. */
  useJournal(journal: Journal): void {
    this.#journal = journal;
    this.upgrader.useJournal(journal);
  }

  /** From now on the journal and the libraries are kept in a store. It is closed with the parts. */
  useStore(store: StoreSession): void {
    this.#store = store;
    this.useJournal(store.journal);
    this.shelf.useArchive(store.archive);
  }

  /** Writes to the store what has changed until now. @throws HotclickError HC_STORE, when there is none too */
  async sync(): Promise<StoreSession> {
    const store = this.#needStore();
    await store.flush();
    return store;
  }

  #needStore(): StoreSession {
    if (this.#store) return this.#store;
    throw new HotclickError('HC_STORE', 'the engine has no store', {
      hint: 'start it with --store DIRECTORY',
    });
  }

  /** @throws HotclickError HC_STORE when there is no store */
  recordWrites(): WriteRecord {
    return this.#needStore().recordWrites();
  }

  /**
   * Ends the threads and, after a last sync of what they leave, the store. Devices and memory stay as they are, for
   * somebody else, until the native engine is closed, and then too.
   */
  async rest(): Promise<void> {
    await this.#stop();
    this.native.relinquish();
    await this.#store?.close();
  }

  /** The same, and lets go of everything but the files of libraries. */
  async end(): Promise<void> {
    await this.#stop();
    this.native.close();
    this.#core.close();
    await this.#store?.close();
  }

  /** No packet passes any more when the last sync begins, so that it misses none. */
  async #stop(): Promise<void> {
    await this.shardThreads.stop(this.native);
    this.native.serveHere();
    await this.#store?.stopSync();
  }
}
