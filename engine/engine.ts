/** A running engine: the datapath's threads, the graph they run, its state, and everything that can be asked of it. */
import { EventEmitter } from 'node:events';
import { clickSourceLines, flattenClick, parseClick } from '../click-compat/index.ts';
import { addon, callNative, type NativeEngine } from './datapath/addon.ts';
import { ClassCatalogue } from './datapath/class-catalogue.ts';
import { createControlPages, ShardThreads } from './datapath/shard-threads.ts';
import type {
  ElementStats,
  EngineControl,
  EngineOptions,
  EngineStats,
  RevisionSummary,
  TapSummary,
  TraceEvent,
  UpgradeOptions,
  UpgradeReport,
} from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { checkGraph } from './graph/check.ts';
import type { ElementClass } from './graph/element-class.ts';
import type { RouterGraph } from './graph/router-graph.ts';
import { Handlers } from './handlers.ts';
import { tap } from './observe/tap.ts';
import { trace } from './observe/trace.ts';
import type { RevisionRecord } from './state/journal.ts';
import { StoreSession } from './state/store-session.ts';
import { buildElement } from './upgrade/build-element.ts';
import { LibraryShelf, type LoadedClass } from './upgrade/library-shelf.ts';
import { MemoryJournal } from './upgrade/memory-journal.ts';
import type { Revision, RevisionDesign } from './upgrade/revision.ts';
import type { StepTimer } from './upgrade/step-timer.ts';
import type { RevisionReport } from './upgrade/transaction.ts';
import { Upgrader } from './upgrade/upgrader.ts';

export interface EngineEvents {
  /** What Print, IPPrint and Script say. */
  print: [{ readonly element: string; readonly text: string; readonly shard: number }];
  log: [{ readonly element: string; readonly text: string; readonly shard: number }];
  upgrade: [UpgradeReport];
  /** An upgrade that was refused; the running revision goes on. */
  refused: [HotclickError];
  /** The store failed (`error` set) or works again. */
  store: [{ readonly error?: string }];
  /** A shard's thread died: the engine cannot go on. */
  failed: [Error];
  /** The router asked to stop (DriverManager, Script, STOP true), or stop() was called. */
  stopped: [];
}

const defaultPackets = 32_768;
const mostThreads = 64;
/** Lines kept for a listener that is still to come. */
const mostUnheard = 10_000;

interface Configuration {
  readonly text: string;
  readonly file: string;
  readonly graph: RouterGraph;
}

export class Engine extends EventEmitter<EngineEvents> implements EngineControl, AsyncDisposable {
  readonly threads: number;
  readonly #native: NativeEngine;
  readonly #shardThreads: ShardThreads;
  readonly #catalogue: ClassCatalogue;
  readonly #shelf: LibraryShelf;
  readonly #upgrader: Upgrader;
  readonly #journal: MemoryJournal | StoreSession['journal'];
  readonly #store: StoreSession | undefined;
  readonly #handlers: Handlers;
  readonly #startedAt = performance.now();
  #unheard: { readonly event: keyof EngineEvents; readonly emit: () => void }[] = [];
  #stopping: Promise<void> | undefined;
  #saidStopped = false;

  private constructor(parts: {
    threads: number;
    native: NativeEngine;
    shardThreads: ShardThreads;
    catalogue: ClassCatalogue;
    shelf: LibraryShelf;
    store: StoreSession | undefined;
  }) {
    super();
    this.threads = parts.threads;
    this.#native = parts.native;
    this.#shardThreads = parts.shardThreads;
    this.#catalogue = parts.catalogue;
    this.#shelf = parts.shelf;
    this.#store = parts.store;
    this.#journal = parts.store?.journal ?? new MemoryJournal();
    this.#upgrader = new Upgrader(this.#native, this.threads, this.#journal, this.#shelf);
    // Not one of our own events, so not in their types.
    EventEmitter.prototype.on.call(this, 'newListener', (event: string | symbol) =>
      this.#tellNewListener(event),
    );
    this.#handlers = new Handlers(this.#native, this.threads, () => this.#running);
  }

  /**
   * Reads and checks the configuration, restores the state from the store, and starts the threads.
   * @throws HotclickError; nothing is left running then
   */
  static async start(options: EngineOptions): Promise<Engine> {
    const threads = options.threads ?? 1;
    if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
      throw new HotclickError(
        'HC_ARGUMENT',
        `threads must be a whole number from 1 to ${mostThreads}, not ${threads}`,
      );
    }
    const catalogue = await ClassCatalogue.open(options.libraryPath);
    const configuration = readConfiguration(options.configuration, options, catalogue);
    checkGraph(configuration.graph, (name) => catalogue.describe(name), sourceLines(configuration));
    const store = options.store === undefined ? undefined : await StoreSession.open(options.store);
    const control = createControlPages(threads);
    let engine: Engine | undefined;
    let native: NativeEngine | undefined;
    try {
      native = callNative(
        () =>
          new (addon().Engine)({
            shards: threads,
            packets: options.packets ?? defaultPackets,
            control,
            busyPoll: options.busyPoll ?? false,
            onLine: (shard, line) => {
              if (engine) engine.#hear(shard, line);
            },
            onStop: () => {
              if (engine) engine.#hearStop();
            },
          }),
      );
      const shelf = await LibraryShelf.open(native, store?.archive);
      engine = new Engine({
        threads,
        native,
        shardThreads: new ShardThreads(control),
        catalogue,
        shelf,
        store,
      });
      await engine.#begin(configuration, options);
      return engine;
    } catch (error) {
      if (engine) await engine.stop();
      else {
        native?.close();
        await store?.close();
      }
      throw error;
    }
  }

  async #begin(configuration: Configuration, options: EngineOptions): Promise<void> {
    void this.#shardThreads.failed.then((error) =>
      this.#announce('failed', () => this.emit('failed', error)),
    );
    await this.#shardThreads.start(this.#native, this.threads, options.cpus ?? []);
    const before = await this.#store?.recover();
    if (before) this.#store?.restore(this.#native, this.threads, before);
    const started = this.#upgrader.run({
      kind: 'start',
      ...(options.signal ? { signal: options.signal } : {}),
      design: async () =>
        this.#design(configuration, await this.#loadClasses(configuration.graph, new Map(), before)),
    });
    const failure = await Promise.race([started, this.#shardThreads.failed]);
    if (failure instanceof Error) throw failure;
    await this.#store?.startSync(this.#native, this.threads, this.#upgrader, {
      interval: options.syncInterval,
      onState: (error) => this.emit('store', error === undefined ? {} : { error }),
    });
  }

  get revision(): number {
    return this.#running.number;
  }
  get graph(): RouterGraph {
    return this.#running.graph;
  }
  get #running(): Revision {
    const running = this.#upgrader.running;
    if (!running) throw new HotclickError('HC_INTERNAL', 'no revision is running');
    return running;
  }

  read(path: string): Promise<string> {
    return this.#handlers.read(path);
  }
  write(path: string, value = ''): Promise<void> {
    return this.#handlers.write(path, value);
  }

  /** @throws HotclickError HC_BUILD_FAILED, HC_LIBRARY, HC_STATE_DECLARATION, HC_STATE_SCHEMA, HC_CONFIGURE_FAILED, … */
  upgrade(changes: Readonly<Record<string, string>>, options: UpgradeOptions = {}): Promise<UpgradeReport> {
    return this.#change({ ...options, kind: 'upgrade' }, async (step) => {
      const running = this.#running;
      const names = Object.keys(changes);
      if (names.length === 0) throw new HotclickError('HC_ARGUMENT', 'no class is named; give CLASS=FILE');
      for (const name of names) {
        if (running.classes.has(name)) continue;
        throw new HotclickError('HC_NO_SUCH_CLASS', `the running graph has no element of class '${name}'`);
      }
      step.begin('build', names.join(', '));
      const files = await Promise.all(
        names.map((name) => buildElement(changes[name]!, step.signal ? { signal: step.signal } : {})),
      );
      step.begin('verify', names.join(', '));
      const loaded = new Map<string, LoadedClass>();
      for (const [i, name] of names.entries()) loaded.set(name, await this.#shelf.load(files[i]!, name));
      const classes = new Map([...running.classes, ...loaded]);
      return this.#design({ text: running.graphText, file: 'running graph', graph: running.graph }, classes);
    });
  }

  apply(
    configuration: string | RouterGraph,
    options: UpgradeOptions & { file?: string; defines?: Readonly<Record<string, string>> } = {},
  ): Promise<UpgradeReport> {
    return this.#change({ ...options, kind: 'apply' }, async (step) => {
      step.begin('verify', options.file ?? 'configuration');
      const read = readConfiguration(configuration, options, this.#catalogue);
      return this.#design(read, await this.#loadClasses(read.graph, this.#running.classes));
    });
  }

  async rollback(options: UpgradeOptions & { revision?: number } = {}): Promise<UpgradeReport> {
    const target = this.#rollbackTarget(options.revision);
    return this.#change({ ...options, kind: 'rollback', restores: target.revision }, async (step) => {
      step.begin('verify', `libraries of revision ${target.revision}`);
      const classes = new Map<string, LoadedClass>();
      for (const [name, version] of Object.entries(target.libraries)) {
        const running = this.#running.classes.get(name);
        classes.set(
          name,
          running?.sha256 === version.sha256
            ? running
            : { ...(await this.#shelf.reload(name, version)), ...version },
        );
      }
      return this.#design(
        { text: target.graphText, file: `revision ${target.revision}`, graph: target.graph },
        classes,
      );
    });
  }

  history(): Promise<RevisionSummary[]> {
    const current = this.#upgrader.running?.number;
    return Promise.resolve(
      this.#journal.list().map((record) => ({
        revision: record.revision,
        parent: record.parent ?? 0,
        createdAt: new Date(record.createdAt).toISOString(),
        kind: record.kind,
        status: record.status,
        strategy: record.strategy,
        current: record.revision === current,
        versions: Object.fromEntries(
          Object.entries(record.libraries).map(([name, { version }]) => [name, version]),
        ),
        breaks: reportOf(record)?.breaks ?? [],
        ...(record.reason === undefined ? {} : { reason: record.reason }),
      })),
    );
  }

  stats(): Promise<EngineStats> {
    const elements = new Map<string, ElementStats & { drops: Record<string, number> }>();
    for (let shard = 0; shard < this.threads; ++shard) {
      for (const one of this.#native.elementStats(shard)) {
        const sum = elements.get(one.element);
        const drops = { ...(sum?.drops ?? {}) };
        for (const [reason, n] of Object.entries(one.drops)) drops[reason] = (drops[reason] ?? 0) + n;
        elements.set(one.element, {
          element: one.element,
          className: one.className,
          version: one.version,
          drops,
          unconnected: (sum?.unconnected ?? 0) + one.unconnected,
          held: (sum?.held ?? 0) + one.held,
        });
      }
    }
    return Promise.resolve({
      revision: this.revision,
      uptimeMs: Math.round(performance.now() - this.#startedAt),
      packets: this.#native.packets(),
      shards: this.#shardThreads.stats(),
      elements: [...elements.values()],
      ...(this.#store ? { store: this.#store.stats() } : {}),
    });
  }

  flatten(): Promise<string> {
    return Promise.resolve(flattenClick(this.graph));
  }
  classes(): Promise<ElementClass[]> {
    return Promise.resolve(
      this.#catalogue.names.map(
        (name) => this.#running.classes.get(name)?.elementClass ?? this.#catalogue.describe(name)!,
      ),
    );
  }
  trace(filter: string, options: { limit?: number; signal?: AbortSignal } = {}): AsyncIterable<TraceEvent> {
    return trace(this.#native, filter, options);
  }
  tap(
    edge: string,
    file: string,
    options: { snaplen?: number; limit?: number; signal?: AbortSignal } = {},
  ): Promise<TapSummary> {
    return tap(this.#native, this.graph, edge, file, options);
  }

  async stateList(): Promise<unknown> {
    return (await this.#syncedStore()).list();
  }
  async stateGet(table: string, options: { filter?: string; limit?: number } = {}): Promise<unknown> {
    return (await this.#syncedStore()).get(table, options);
  }
  async stateHistory(): Promise<unknown> {
    return (await this.#syncedStore()).history();
  }
  async stateDiff(from: number, to: number): Promise<unknown> {
    return (await this.#syncedStore()).diff(from, to);
  }
  /** Writes to the store what has changed until now. */
  async sync(): Promise<void> {
    await this.#syncedStore();
  }

  /** Ends the threads after a last sync. May be called more than once. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #end(): Promise<void> {
    try {
      await Promise.race([this.#upgrader.close(), this.#shardThreads.failed]);
      await this.#store?.stopSync();
      await this.#shardThreads.stop(this.#native);
      this.#native.close();
      await this.#shelf.close();
      await this.#store?.close();
    } finally {
      this.#hearStop();
    }
  }

  async #syncedStore(): Promise<StoreSession> {
    if (!this.#store) {
      throw new HotclickError('HC_STORE', 'the engine has no store', {
        hint: 'start it with --store DIRECTORY',
      });
    }
    await this.#store.flush();
    return this.#store;
  }

  async #change(
    request: UpgradeOptions & { kind: 'upgrade' | 'apply' | 'rollback'; restores?: number },
    design: (step: StepTimer) => Promise<RevisionDesign>,
  ): Promise<UpgradeReport> {
    try {
      const report = await this.#upgrader.run({ ...request, design: (_, step) => design(step) });
      if (!report.dryRun) {
        this.emit('upgrade', report);
        await this.#prune();
      }
      return report;
    } catch (error) {
      if (error instanceof HotclickError) this.emit('refused', error);
      throw error;
    }
  }

  /** A store that cannot be written is the syncer's to report; the upgrade is done all the same. */
  async #prune(): Promise<void> {
    try {
      await this.#store?.prune();
    } catch (error) {
      if (!(error instanceof HotclickError) || error.code !== 'HC_STORE') throw error;
    }
  }

  #design(configuration: Configuration, classes: ReadonlyMap<string, LoadedClass>): RevisionDesign {
    const used = new Set(configuration.graph.elements.map(({ className }) => className));
    const kept = new Map([...classes].filter(([name]) => used.has(name)));
    const lookup = (name: string) => kept.get(name)?.elementClass;
    const checked = checkGraph(configuration.graph, lookup, sourceLines(configuration));
    return { graph: configuration.graph, graphText: configuration.text, checked, classes: kept };
  }

  /**
   * The classes of a graph: those already loaded, those that an upgrade had chosen before a restart, those of the
   * catalogue.
   */
  async #loadClasses(
    graph: RouterGraph,
    loaded: ReadonlyMap<string, LoadedClass>,
    before?: RevisionRecord,
  ): Promise<Map<string, LoadedClass>> {
    const classes = new Map<string, LoadedClass>();
    for (const { className } of graph.elements) {
      if (classes.has(className)) continue;
      const known = loaded.get(className);
      const earlier = before?.libraries[className];
      const file = this.#catalogue.fileOf(className);
      if (known) classes.set(className, known);
      else if (earlier && !(earlier.installed && file !== undefined))
        classes.set(className, await this.#shelf.reload(className, earlier));
      else if (file !== undefined)
        classes.set(className, { ...(await this.#shelf.load(file, className)), installed: true });
    }
    return classes;
  }

  #rollbackTarget(revision: number | undefined): RevisionRecord {
    const running = this.#journal.get(this.revision);
    // After a rollback to R, the revision before is the one before R.
    const restored = running && reportOf(running)?.restores;
    const from = restored === undefined ? running : this.#journal.get(restored);
    const number = revision ?? from?.parent;
    const target = number === null || number === undefined ? undefined : this.#journal.get(number);
    if (target?.status === 'committed') return target;
    throw new HotclickError(
      'HC_ARGUMENT',
      revision === undefined
        ? 'there is no revision before this one'
        : `there is no committed revision ${revision}`,
      { hint: 'list them with `hotclick history`' },
    );
  }

  #hearStop(): void {
    if (this.#saidStopped) return;
    this.#saidStopped = true;
    this.#announce('stopped', () => this.emit('stopped'));
  }

  #hear(shard: number, line: string): void {
    const end = line.indexOf('\n');
    const message = { element: line.slice(1, end), text: line.slice(end + 1), shard };
    if (line.startsWith('w')) {
      this.#handlers.passOn(shard, message.text);
      return;
    }
    const event = line.startsWith('p') ? 'print' : 'log';
    this.#announce(event, () => this.emit(event, message));
  }

  /** A router may speak, or end, before its owner could listen: what nobody has heard waits for the first listener. */
  #announce(event: keyof EngineEvents, emit: () => void): void {
    if (this.listenerCount(event) > 0) emit();
    else if (this.#unheard.length < mostUnheard) this.#unheard.push({ event, emit });
  }

  #tellNewListener(event: string | symbol): void {
    const waiting = this.#unheard.filter((one) => one.event === event);
    this.#unheard = this.#unheard.filter((one) => one.event !== event);
    // Once the listener is there.
    queueMicrotask(() => {
      for (const { emit } of waiting) emit();
    });
  }
}

function readConfiguration(
  configuration: string | RouterGraph,
  options: { file?: string; defines?: Readonly<Record<string, string>> },
  catalogue: ClassCatalogue,
): Configuration {
  const file = options.file ?? 'configuration';
  if (typeof configuration !== 'string') {
    return { file, graph: configuration, text: flattenClick(configuration) };
  }
  const defines = options.defines === undefined ? {} : { defines: { ...options.defines } };
  const isKnownClass = (className: string) => catalogue.fileOf(className) !== undefined;
  return { file, text: configuration, graph: parseClick(configuration, { file, isKnownClass, ...defines }) };
}

function sourceLines({ text, file }: Configuration) {
  return { sourceLine: clickSourceLines(text, file) };
}

function reportOf({ report }: RevisionRecord): RevisionReport | undefined {
  return report as RevisionReport | undefined;
}
