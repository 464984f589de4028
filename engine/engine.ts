/** A running engine: the datapath's threads, the graph they run, its state, and everything that can be asked of it. */
import { flattenClick } from '../click-compat/index.ts';
import { Announcer } from './announcer.ts';
import { readConfiguration } from './configuration.ts';
import { ClassCatalogue } from './datapath/class-catalogue.ts';
import { recordsByElement } from './datapath/record-counts.ts';
import { sumElements } from './element-totals.ts';
import { EngineLife, type StartOptions } from './engine-life.ts';
import type { EngineParts } from './engine-parts.ts';
import type {
  ClassUpgradeOptions,
  EngineControl,
  EngineStats,
  RevisionSummary,
  StaticsMode,
  TapSummary,
  TraceEvent,
  UpgradeOptions,
  UpgradeReport,
} from './engine-types.ts';
import { replacesWhatRunsThem } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import type { ElementClass } from './graph/element-class.ts';
import type { RouterGraph } from './graph/router-graph.ts';
import { tap } from './observe/tap.ts';
import { trace } from './observe/trace.ts';
import { designRevision, loadClasses } from './revision-design.ts';
import type { LibraryVersion, RevisionRecord } from './state/journal.ts';
import type { StoreSession } from './state/store-session.ts';
import { upgradeInTurn } from './upgrade/in-turn.ts';
import type { LoadedClass } from './upgrade/library-shelf.ts';
import { loadChanges } from './upgrade/load-changes.ts';
import type { Revision, RevisionDesign } from './upgrade/revision.ts';
import { rollbackTarget, summarise } from './upgrade/revision-summary.ts';
import type { StepTimer } from './upgrade/step-timer.ts';
import { SignaturePolicy } from './upgrade/verify/signature-policy.ts';

export type { EngineEvents } from './announcer.ts';
export type { StartOptions } from './engine-life.ts';

const mostThreads = 64;

export class Engine extends Announcer implements EngineControl, AsyncDisposable {
  readonly threads: number;
  readonly #catalogue: ClassCatalogue;
  readonly #options: StartOptions;
  readonly #signatures: SignaturePolicy;
  readonly #life: EngineLife;
  readonly #startedAt = performance.now();
  #stopping: Promise<void> | undefined;
  #saidStopped = false;

  private constructor(
    threads: number,
    options: StartOptions,
    catalogue: ClassCatalogue,
    signatures: SignaturePolicy,
  ) {
    super();
    this.threads = threads;
    this.#catalogue = catalogue;
    this.#options = options;
    this.#signatures = signatures;
    this.#life = new EngineLife(options, threads, catalogue, {
      onLine: (shard, line) => this.#hear(shard, line),
      onStop: () => this.#hearStop(),
      onStore: (error) => this.emit('store', error === undefined ? {} : { error }),
      onWarning: (warning) => this.announce('warning', warning),
      onFailure: (error) => this.announce('failed', error),
      onEnded: (version) => this.announce('ended', version),
    });
  }

  /**
   * Reads and checks the configuration, restores the state from the store, and starts the threads. In a process that is
   * to take another's place (`host.predecessor`) what that runs is run, whatever the configuration says; when everything
   * else is open too, tell the predecessor with `host.predecessor.announce()`.
   * @throws HotclickError; nothing is left running then
   */
  static async start(options: StartOptions): Promise<Engine> {
    const threads = options.threads ?? 1;
    if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
      throw new HotclickError(
        'HC_ARGUMENT',
        `threads must be a whole number from 1 to ${mostThreads}, not ${threads}`,
      );
    }
    const signatures = await SignaturePolicy.read(options);
    const catalogue = await ClassCatalogue.open(
      options.libraryPath,
      signatures.isIdle ? undefined : (file) => signatures.accept(file),
      options.statics,
    );
    const engine = new Engine(threads, options, catalogue, signatures);
    try {
      await engine.#life.start();
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  get #parts(): EngineParts {
    return this.#life.parts;
  }
  get #running(): Revision {
    return this.#life.running;
  }

  get revision(): number {
    return this.#running.number;
  }
  get graph(): RouterGraph {
    return this.#running.graph;
  }
  read(path: string, parameter?: string): Promise<string> {
    return this.#parts.handlers.read(path, parameter);
  }
  write(path: string, value = ''): Promise<void> {
    return this.#parts.handlers.write(path, value);
  }

  /** @throws HotclickError HC_BUILD_FAILED, HC_LIBRARY, HC_STATE_DECLARATION, HC_STATE_SCHEMA, HC_CONFIGURE_FAILED, … */
  upgrade(
    changes: Readonly<Record<string, string>>,
    { atomic = true, ...options }: ClassUpgradeOptions = {},
  ): Promise<UpgradeReport> {
    if (!atomic) return upgradeInTurn(changes, (one) => this.upgrade(one, options));
    const asked = { ...options, statics: this.#staticsOf(options) };
    return this.#change({ ...asked, kind: 'upgrade' }, async (step) => {
      const running = this.#running;
      const names = Object.keys(changes);
      if (names.length === 0 && !replacesWhatRunsThem(options.strategy))
        throw new HotclickError('HC_ARGUMENT', 'no class is named; give CLASS=FILE');
      for (const name of names) {
        if (running.classes.has(name)) continue;
        throw new HotclickError('HC_NO_SUCH_CLASS', `the running graph has no element of class '${name}'`);
      }
      const tools = { verifier: this.#parts.verifier, signatures: this.#signatures };
      const loaded = await loadChanges(changes, tools, asked, step);
      const classes = new Map([...running.classes, ...loaded]);
      return designRevision(
        { text: running.graphText, file: 'running graph', graph: running.graph },
        classes,
      );
    });
  }

  apply(
    configuration: string | RouterGraph,
    options: UpgradeOptions & { file?: string; defines?: Readonly<Record<string, string>> } = {},
  ): Promise<UpgradeReport> {
    const statics = this.#staticsOf(options);
    return this.#change({ ...options, statics, kind: 'apply' }, async (step) => {
      step.begin('verify', options.file ?? 'configuration');
      const read = readConfiguration(configuration, options, this.#catalogue);
      return designRevision(read, await this.#loadClasses(statics, read.graph, this.#running.classes));
    });
  }

  async rollback(options: UpgradeOptions & { revision?: number } = {}): Promise<UpgradeReport> {
    const target = rollbackTarget(this.#parts.journal, this.revision, options.revision);
    return this.#change({ ...options, kind: 'rollback', restores: target.revision }, async (step) => {
      step.begin('verify', `libraries of revision ${target.revision}`);
      const classes = new Map<string, LoadedClass>();
      for (const [name, version] of Object.entries(target.libraries)) {
        const running = this.#running.classes.get(name);
        classes.set(
          name,
          running?.sha256 === version.sha256 ? running : await this.#reload(name, version, options),
        );
      }
      return designRevision(
        { text: target.graphText, file: `revision ${target.revision}`, graph: target.graph },
        classes,
      );
    });
  }

  history(): Promise<RevisionSummary[]> {
    const { journal, native, upgrader } = this.#parts;
    const { running } = upgrader;
    const records = running?.older.length
      ? recordsByElement(native, this.threads)
      : new Map<string, number>();
    return Promise.resolve(journal.list().map((record) => summarise(record, running?.number, records)));
  }

  stats(): Promise<EngineStats> {
    return Promise.resolve({
      revision: this.revision,
      uptimeMs: Math.round(performance.now() - this.#startedAt),
      packets: this.#parts.native.packets(),
      shards: this.#parts.shardThreads.stats(),
      elements: sumElements(this.#parts.native, this.threads, this.#running),
      ...(this.#parts.store ? { store: this.#parts.store.stats() } : {}),
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
    return trace(this.#parts.native, filter, options);
  }
  tap(
    edge: string,
    file: string,
    options: { snaplen?: number; limit?: number; signal?: AbortSignal } = {},
  ): Promise<TapSummary> {
    return tap(this.#parts.native, this.graph, edge, file, options);
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
      await this.#life.end();
    } finally {
      this.#hearStop();
    }
  }

  async #syncedStore(): Promise<StoreSession> {
    return this.#parts.sync();
  }

  async #change(
    request: UpgradeOptions & { kind: 'upgrade' | 'apply' | 'rollback'; restores?: number },
    design: (step: StepTimer) => Promise<RevisionDesign>,
  ): Promise<UpgradeReport> {
    try {
      const report = await this.#parts.upgrader.run({ ...request, design: (_, step) => design(step) });
      if (!report.dryRun) {
        this.emit('upgrade', report);
        if (report.successor) this.announce('succeeded', report.successor);
        else {
          this.#life.watchOlderVersions();
          await this.#prune();
        }
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
      await this.#parts.store?.prune();
    } catch (error) {
      if (!(error instanceof HotclickError) || error.code !== 'HC_STORE') throw error;
    }
  }

  /** Classes of a graph: those already loaded, those of an earlier revision, those of the catalogue. */
  #loadClasses(
    statics: StaticsMode,
    graph: RouterGraph,
    loaded: ReadonlyMap<string, LoadedClass>,
    before?: RevisionRecord,
  ) {
    const { shelf } = this.#parts;
    return loadClasses({ catalogue: this.#catalogue, shelf, statics }, graph, loaded, before);
  }

  /** A library as an earlier revision had it; its undeclared statics are found as they were then, or as asked now. */
  async #reload(name: string, version: LibraryVersion, { statics }: UpgradeOptions): Promise<LoadedClass> {
    const asked = version.statics && statics !== undefined && statics !== 'mapped' ? { statics } : {};
    const loaded = await this.#parts.shelf.reload(name, { ...version, ...asked });
    return { ...loaded, ...version, ...asked };
  }

  #staticsOf({ statics = this.#options.statics ?? 'mapped' }: UpgradeOptions): StaticsMode {
    return statics;
  }

  #hearStop(): void {
    if (this.#saidStopped) return;
    this.#saidStopped = true;
    this.announce('stopped');
  }

  #hear(shard: number, line: string): void {
    const end = line.indexOf('\n');
    const message = { element: line.slice(1, end), text: line.slice(end + 1), shard };
    if (line.startsWith('w')) {
      this.#parts.handlers.passOn(shard, message.text);
      return;
    }
    this.announce(line.startsWith('p') ? 'print' : 'log', message);
  }
}
