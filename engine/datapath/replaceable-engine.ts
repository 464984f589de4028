/**
 * The native engine as the host holds it, while the one behind it may be replaced by another that has taken it over.
 *
 * Numbers of libraries, revisions and observers are this object's own; behind them stand those of the engine that runs.
 * What is asked of a shard during the change waits and is asked of the next engine.
 */
import type { StaticsMode } from '../engine-types.ts';
import type {
  CopiedState,
  EdgeCount,
  GraphPlan,
  LastFrames,
  MirroredPackets,
  NativeBreak,
  NativeElementStats,
  NativeEngine,
  NativeEvent,
  NativeState,
  ObserverSpec,
  PrepareFailure,
  PublishedBytes,
  ShardLoad,
  StatePointer,
} from './addon.ts';
import type { ExportedState } from './transfer.ts';

interface LoadedFile {
  readonly path: string;
  readonly statics: StaticsMode;
}

/** An engine that is to take the place of the one that runs: everything is prepared in it. */
export interface Successor {
  readonly native: NativeEngine;
  /** Own numbers of libraries, and the successor's. */
  readonly libraries: ReadonlyMap<number, number>;
  /** The successor's number of the revision that it has prepared. */
  readonly revision: number;
}

export class ReplaceableEngine implements NativeEngine {
  #native: NativeEngine;
  #next = 1;
  readonly #files = new Map<number, LoadedFile>();
  readonly #watched = new Map<number, ObserverSpec>();
  #libraries: Map<number, number> = new Map();
  #revisions: Map<number, number> = new Map();
  #observers: Map<number, number> = new Map();
  #change: Promise<void> | undefined;

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** The engine that runs now. */
  get native(): NativeEngine {
    return this.#native;
  }
  get id(): number {
    return this.#native.id;
  }

  /** Loads in another engine what is loaded here, and prepares a graph there. What was wrong, or the successor. */
  prepareSuccessor(native: NativeEngine, plan: GraphPlan): Successor | PrepareFailure {
    const libraries = new Map<number, number>();
    for (const [own, { path, statics }] of this.#files)
      libraries.set(own, native.loadLibrary(path, statics).library);
    const nodes = plan.nodes.map((node) => ({
      ...node,
      library: libraries.get(node.library) ?? 0,
      predecessor: '',
      keep: false,
    }));
    const revision = native.prepare({ ...plan, nodes });
    return typeof revision === 'number' ? { native, libraries, revision } : revision;
  }

  /**
   * Runs `change`; when it is done the successor stands in for the engine, which is returned. The own number of the
   * revision that it runs is `revision`. When it fails everything stays as it was.
   */
  async replace(
    successor: Successor,
    revision: number,
    change: () => Promise<unknown>,
  ): Promise<NativeEngine> {
    const changing = change();
    this.#change = changing.then(
      () => {},
      () => {},
    );
    try {
      await changing;
      const before = this.#native;
      this.#native = successor.native;
      this.#libraries = new Map(successor.libraries);
      this.#revisions = new Map([[revision, successor.revision]]);
      this.#observers = new Map(
        [...this.#watched].map(([own, spec]) => [own, successor.native.observe(spec)] as const),
      );
      return before;
    } finally {
      this.#change = undefined;
    }
  }

  /** A number for a revision that a successor has prepared. */
  reserveRevision(): number {
    return this.#next++;
  }

  loadLibrary(path: string, statics: StaticsMode): { library: number; description: string } {
    const { library, description } = this.#native.loadLibrary(path, statics);
    const own = this.#next++;
    this.#libraries.set(own, library);
    this.#files.set(own, { path, statics });
    return { library: own, description };
  }
  unloadLibrary(library: number): void {
    this.#native.unloadLibrary(this.#libraries.get(library) ?? 0);
    this.#libraries.delete(library);
    this.#files.delete(library);
  }
  matchStatics(from: number, to: number, mayLose: boolean): ReturnType<NativeEngine['matchStatics']> {
    const native = (own: number) => this.#libraries.get(own) ?? 0;
    return this.#native.matchStatics(native(from), native(to), mayLose);
  }

  prepare(plan: GraphPlan): number | PrepareFailure {
    const revision = this.#native.prepare(this.#translate(plan));
    if (typeof revision !== 'number') return revision;
    const own = this.#next++;
    this.#revisions.set(own, revision);
    return own;
  }
  tryConfigure(plan: GraphPlan): PrepareFailure | undefined {
    return this.#native.tryConfigure(this.#translate(plan));
  }
  discard(revision: number): void {
    this.#native.discard(this.#revision(revision));
    this.#revisions.delete(revision);
  }
  async roll(shard: number, revision: number, strategy: string, loopLimit?: number): Promise<NativeBreak> {
    await this.#change;
    return this.#native.roll(shard, this.#revision(revision), strategy, loopLimit);
  }
  endWatch(shard: number): Promise<boolean> {
    return this.#native.endWatch(shard);
  }
  keep(shard: number): Promise<void> {
    return this.#native.keep(shard);
  }
  takeBack(shard: number): Promise<number> {
    return this.#native.takeBack(shard);
  }
  reclaim(shard: number): Promise<number> {
    return this.#native.reclaim(shard);
  }
  abandon(revision: number): boolean {
    const abandoned = this.#native.abandon(this.#revision(revision));
    if (abandoned) this.#revisions.delete(revision);
    return abandoned;
  }
  shardLoad(shard: number): ShardLoad {
    return this.#native.shardLoad(shard);
  }
  edgeCounts(shard: number): EdgeCount[] {
    return this.#native.edgeCounts(shard);
  }
  settle(revision: number): boolean {
    const settled = this.#native.settle(this.#revision(revision));
    if (settled) {
      // Only the last revision is still published.
      for (const own of this.#revisions.keys()) if (own !== revision) this.#revisions.delete(own);
    }
    return settled;
  }

  async handler(...question: Parameters<NativeEngine['handler']>): Promise<string | null> {
    await this.#change;
    return this.#native.handler(...question);
  }
  async publish(shard: number): Promise<PublishedBytes> {
    await this.#change;
    const bytes = await this.#native.publish(shard);
    for (const [own, native] of this.#revisions)
      if (native === bytes.revision) return { ...bytes, revision: own };
    return { ...bytes, revision: 0 };
  }
  async markAllDirty(shard: number): Promise<void> {
    await this.#change;
    return this.#native.markAllDirty(shard);
  }
  packets(): { total: number; free: number } {
    return this.#native.packets();
  }
  elementStats(shard: number): NativeElementStats[] {
    return this.#native.elementStats(shard);
  }
  states(shard: number): NativeState[] {
    return this.#native.states(shard);
  }
  statePointers(shard: number, elements: readonly string[], revision?: number): StatePointer[] {
    if (revision === undefined) return this.#native.statePointers(shard, elements);
    return this.#native.statePointers(shard, elements, this.#revision(revision));
  }
  restoreStatic(...value: Parameters<NativeEngine['restoreStatic']>): void {
    this.#native.restoreStatic(...value);
  }
  restoreTable(...table: Parameters<NativeEngine['restoreTable']>): void {
    this.#native.restoreTable(...table);
  }

  observe(spec: ObserverSpec): number {
    const own = this.#next++;
    this.#observers.set(own, this.#native.observe(spec));
    this.#watched.set(own, spec);
    return own;
  }
  takeEvents(observer: number): { events: NativeEvent[]; lost: number } {
    return this.#native.takeEvents(this.#observers.get(observer) ?? 0);
  }
  stopObserving(observer: number): void {
    this.#native.stopObserving(this.#observers.get(observer) ?? 0);
    this.#observers.delete(observer);
    this.#watched.delete(observer);
  }
  refreshObservers(): Promise<void>[] {
    return this.#native.refreshObservers();
  }

  // A mirror ends with the engine that it was made in: its packets and the state copied with them belong together.
  mirror(elements: readonly string[], packets: number): number {
    return this.#native.mirror(elements, packets);
  }
  async copyState(shard: number, mirror: number): Promise<CopiedState> {
    await this.#change;
    return this.#native.copyState(shard, mirror);
  }
  takeMirrored(mirror: number, room: number): MirroredPackets {
    return this.#native.takeMirrored(mirror, room);
  }
  stopMirroring(mirror: number): void {
    this.#native.stopMirroring(mirror);
  }

  exportState(forKeeper = false): ExportedState {
    return this.#native.exportState(forKeeper);
  }
  takeOver(shard: number, revision: number): Promise<NativeBreak> {
    return this.#native.takeOver(shard, this.#revision(revision));
  }
  stopWaiting(): void {
    this.#native.stopWaiting();
  }
  relinquish(): void {
    this.#native.relinquish();
  }
  canBeBeside(): boolean {
    return this.#native.canBeBeside();
  }
  startDevices(): void {
    this.#native.startDevices();
  }
  lastFrames(shard: number): LastFrames {
    return this.#native.lastFrames(shard);
  }
  passOver(shard: number, frames: LastFrames): void {
    this.#native.passOver(shard, frames);
  }
  renewStatic(...[shard, revision, ...value]: Parameters<NativeEngine['renewStatic']>): void {
    this.#native.renewStatic(shard, this.#revision(revision), ...value);
  }
  renewTable(...[shard, revision, ...pages]: Parameters<NativeEngine['renewTable']>): void {
    this.#native.renewTable(shard, this.#revision(revision), ...pages);
  }
  handOut(patience: number): Promise<void> {
    return this.#native.handOut(patience);
  }
  stop(): void {
    this.#native.stop();
  }
  serveHere(): void {
    this.#native.serveHere();
  }
  close(): void {
    this.#native.close();
  }

  #translate(plan: GraphPlan): GraphPlan {
    const nodes = plan.nodes.map((node) => ({ ...node, library: this.#libraries.get(node.library) ?? 0 }));
    return { ...plan, nodes };
  }
  #revision(own: number): number {
    return this.#revisions.get(own) ?? 0;
  }
}
