/** The native half, with its types: everything that crosses the border between JavaScript and C++. */
import { createRequire } from 'node:module';
import type { StaticsMode, StaticsReport } from '../engine-types.ts';
import type { ErrorCode } from '../errors.ts';
import { errorTable, HotclickError } from '../errors.ts';
import type { SchemaInfo } from '../graph/element-class.ts';
import type { MessageFunctions } from './message-functions.ts';
import { addonPath } from './paths.ts';
import type { ExportedState, ImportedState } from './transfer.ts';

export interface NodePlan {
  readonly name: string;
  readonly className: string;
  readonly args: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
  /** Number that loadLibrary gave. */
  readonly library: number;
  /** Element of the running graph whose place it takes; '' for none. */
  readonly predecessor: string;
  /** The predecessor's own instance goes on. */
  readonly keep: boolean;
  /** It starts beside the predecessor and takes nothing over but settings. */
  readonly fresh: boolean;
  /** For an older version: the element of the plan, further up, beside whose newest version it runs; otherwise ''. */
  readonly newest: string;
  /** For an older version: its records move to the newest. */
  readonly moves: boolean;
}

export interface GraphPlan {
  readonly nodes: readonly NodePlan[];
  /** Five numbers an edge: from, from port, to, to port, 1 for push. */
  readonly edges: Uint32Array;
}

export interface PrepareFailure {
  readonly element: string;
  readonly message: string;
  /** Which argument was wrong, -1 when none in particular. */
  readonly argument: number;
}

export interface PublishedBytes {
  /** The number of the prepared revision whose graph published. */
  readonly revision: number;
  readonly more: boolean;
  readonly stale: boolean;
  readonly spentNs: number;
  readonly longestNs: number;
  /** element, state, kind, page, offset in data, size */
  readonly entries: readonly (readonly [
    string,
    string,
    'static' | 'section' | 'table',
    number,
    number,
    number,
  ])[];
  readonly data: Uint8Array;
}

export interface NativeElementStats {
  readonly element: string;
  readonly className: string;
  readonly version: string;
  readonly unconnected: number;
  readonly held: number;
  readonly drops: Readonly<Record<string, number>>;
}

export interface NativeState {
  readonly element: string;
  readonly state: string;
  readonly kind: 'static' | 'section' | 'table';
  readonly records: number;
  readonly capacity: number;
  readonly converting: boolean;
  readonly bytes: number;
}

/** The state of mirrored elements of a shard, and its clock, at one instant. */
export interface CopiedState {
  readonly elements: readonly CopiedElement[];
  readonly now: bigint;
  readonly wallOffset: bigint;
  /** Of the shard's generator of random numbers. */
  readonly random: bigint;
  /** ns that the shard spent on the copy, and its longest piece of it. */
  readonly spentNs: number;
  readonly longestNs: number;
}

export interface CopiedElement {
  readonly element: string;
  /** Monotonic ns; 0 = off. */
  readonly timers: readonly bigint[];
  readonly statics: readonly (readonly [state: string, bytes: Uint8Array])[];
  readonly tables: readonly (readonly [
    state: string,
    pageNumbers: Uint32Array,
    pageSizes: Uint32Array,
    pages: Uint8Array,
  ])[];
}

/** Captured packets, see engine/upgrade/shadow/capture-format.ts. */
export interface MirroredPackets {
  readonly entries: readonly (readonly [shard: number, element: number, bytes: Uint8Array])[];
  /** Packets still wanted, by element; 0 or less when there are enough. */
  readonly left: readonly number[];
  /** Packets that were not copied, because nobody took the others away in time. */
  readonly missed: number;
}

/** An address in the state of an element. */
export interface StatePointer {
  readonly element: string;
  readonly state: string;
  /** In the value. */
  readonly offset: number;
  /** That holds it; '' when no field is declared there. */
  readonly field: string;
  /** What it leads into. */
  readonly target: string;
  /** A library; otherwise an element's object. */
  readonly inLibrary: boolean;
  /** Of a table, in how many records it was seen. */
  readonly records: number;
}

export interface NativeEvent {
  readonly time: bigint;
  readonly shard: number;
  readonly packet: number;
  readonly length: number;
  /** 'h' from one element to the next, 'd' dropped */
  readonly kind: string;
  readonly element: string;
  readonly version: string;
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
  readonly reason: string;
  readonly data: Uint8Array;
}

export type ObserverSpec =
  | { readonly kind: 'trace'; readonly filter: string; readonly limit: number; readonly snap: number }
  | {
      readonly kind: 'tap';
      readonly element: string;
      readonly port: number;
      readonly input: boolean;
      readonly snap: number;
    }
  | { readonly kind: 'count'; readonly elements: readonly string[] };

/** What code of a new version did that made a shard go back to the graph before. */
export interface NativeFault {
  readonly shard: number;
  /** 'SIGSEGV', …; '' when the code was interrupted because it did not come to its end. */
  readonly signal: string;
  readonly address: number;
  /** Until the graph before ran again. */
  readonly recoveryNs: number;
  /** '' when it is not known. */
  readonly element: string;
  readonly className: string;
  readonly version: string;
  /** From the function that crashed outwards. */
  readonly backtrace: readonly string[];
  /** 0 when no packet is known. */
  readonly packetLength: number;
  readonly packetHead: Uint8Array;
}

export interface ShardLoad {
  readonly rounds: number;
  readonly busyRounds: number;
  readonly busyNs: number;
}

/** Packets that an edge has carried since it is counted. */
export interface EdgeCount {
  readonly from: string;
  readonly port: number;
  readonly to: string;
  readonly packets: number;
}

/** By CLOCK_MONOTONIC. */
export interface NativeBreak {
  readonly beginNs: number;
  readonly breakNs: number;
}

/** By device: the kernel's time of the newest frame that it received, in ns (decimal digits); '0' when there was none. */
export type LastFrames = Readonly<Record<string, string>>;

export interface NativeEngine {
  readonly id: number;
  loadLibrary(path: string, statics: StaticsMode): { library: number; description: string };
  unloadLibrary(library: number): void;
  /**
   * What becomes of the undeclared statics of one library when the other takes its place; null when neither has any.
   * `mayLose`: variables that only the first has are let go.
   */
  matchStatics(from: number, to: number, mayLose: boolean): Omit<StaticsReport, 'className' | 'mode'> | null;
  /** The number of a prepared revision, or what was wrong. */
  prepare(plan: GraphPlan): number | PrepareFailure;
  /** Why a new element does not take its arguments; nothing is opened and no state is made. */
  tryConfigure(plan: GraphPlan): PrepareFailure | undefined;
  discard(revision: number): void;
  /**
   * Installs it in one shard; the shard's break by its own clock. With a loop limit (ms) the shard is watched: it goes back by itself
   * when new code crashes, or computes for longer than that in one round.
   */
  roll(shard: number, revision: number, strategy: string, loopLimit?: number): Promise<NativeBreak>;
  /** From now on a crash is a crash; false when the shard has gone back already. */
  endWatch(shard: number): Promise<boolean>;
  /** The new graph stays; until then the shard can be told to go back. */
  keep(shard: number): Promise<void>;
  /** The graph before runs again, if it does not do so already; the shard's break in ns. */
  takeBack(shard: number): Promise<number>;
  /** Gives packets back that crashed code had in its hands; how many, -1 when that cannot be told. */
  reclaim(shard: number): Promise<number>;
  /** Frees a revision from which every shard has gone back; false while something of it drains or converts. */
  abandon(revision: number): boolean;
  shardLoad(shard: number): ShardLoad;
  /** Of the edges that an observer of kind 'count' watches. */
  edgeCounts(shard: number): EdgeCount[];
  /** Frees what the revision replaced; false while something drains. */
  settle(revision: number): boolean;
  /** Writes `value`, or reads when it is null; null when the answer is longer than `room`. */
  handler(
    shard: number,
    element: string,
    handler: string,
    value: string | null,
    room?: number,
    parameter?: string,
  ): Promise<string | null>;
  publish(shard: number): Promise<PublishedBytes>;
  markAllDirty(shard: number): Promise<void>;
  /** Of the arena; free is an estimate while shards run. */
  packets(): { total: number; free: number };
  elementStats(shard: number): NativeElementStats[];
  states(shard: number): NativeState[];
  /** In the running graph or, with a revision, in a prepared one. `elements`: only these; all when it is empty. */
  statePointers(shard: number, elements: readonly string[], revision?: number): StatePointer[];
  restoreStatic(shard: number, name: string, schema: SchemaInfo, data: Uint8Array): void;
  restoreTable(
    shard: number,
    name: string,
    key: SchemaInfo,
    value: SchemaInfo,
    pageNumbers: Uint32Array,
    pages: readonly Uint8Array[],
    /** There are pages in other layouts too, a call for each. */
    isPart: boolean,
  ): void;
  observe(spec: ObserverSpec): number;
  takeEvents(observer: number): { events: NativeEvent[]; lost: number };
  stopObserving(observer: number): void;
  /** After a new graph was installed; a promise for each shard. */
  refreshObservers(): Promise<void>[];
  /** Copies so many packets of each element, from copyState() on. The number of the mirror. */
  mirror(elements: readonly string[], packets: number): number;
  copyState(shard: number, mirror: number): Promise<CopiedState>;
  /** At most about `room` bytes of what was copied. */
  takeMirrored(mirror: number, room: number): MirroredPackets;
  stopMirroring(mirror: number): void;
  /**
   * Everything that another engine needs to take over; see docs/design/transfer.md. `forKeeper`: after a crash only, so
   * that a successor that waits already is not disturbed.
   */
  exportState(forKeeper?: boolean): ExportedState;
  /**
   * In a successor: waits for the giver, then installs the prepared revision. The break from the giver's last packet to
   * the first round here; rejects with HC_TRANSFER when the giver goes on.
   */
  takeOver(shard: number, revision: number): Promise<NativeBreak>;
  /** Ends every takeOver that still waits. */
  stopWaiting(): void;
  /**
   * In the giver, in all shards at once: leaves their graphs to the successor as soon as all its shards wait. Rejects with
   * HC_TRANSFER when it has not taken over within `patience` ms; the shards go on then.
   */
  handOut(patience: number): Promise<void>;
  /**
   * After its shards have left their loops, without a hand-out: devices and memory are somebody else's, and close() leaves
   * them as they are.
   */
  relinquish(): void;
  /** Whether another engine can have all its devices open too. */
  canBeBeside(): boolean;
  /** With the option `beside`: devices take frames from now on, though no shard runs. */
  startDevices(): void;
  /** After the shard has left its loop. */
  lastFrames(shard: number): LastFrames;
  /** Frames of these devices until then were another engine's, and are passed over. */
  passOver(shard: number, frames: LastFrames): void;
  /** In a prepared revision that no shard runs: a value that was restored has become this since. */
  renewStatic(shard: number, revision: number, name: string, schema: SchemaInfo, data: Uint8Array): void;
  renewTable(
    shard: number,
    revision: number,
    name: string,
    key: SchemaInfo,
    value: SchemaInfo,
    pageNumbers: Uint32Array,
    pages: readonly Uint8Array[],
  ): void;
  /** Tells all shards to leave their loops for good. */
  stop(): void;
  /** After all its shards have left their loops: what is asked of one is done by this thread from now on. */
  serveHere(): void;
  /** After all its shards have left their loops. */
  close(): void;
}

export interface HarnessSpec {
  readonly library: string;
  readonly className: string;
  readonly args: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
  readonly staticsMode?: StaticsMode;
  /** Whatever device it opens does nothing. */
  readonly idleDevices?: boolean;
  /** State to begin with; a name is 'element/STATE', or 'CLASS/STATE' for a section. */
  readonly statics?: readonly RestoredStatic[];
  readonly tables?: readonly RestoredTable[];
}

export type RestoredStatic = readonly [name: string, schema: SchemaInfo, bytes: Uint8Array];
export type RestoredTable = readonly [
  name: string,
  key: SchemaInfo,
  value: SchemaInfo,
  pageNumbers: Uint32Array,
  pages: readonly Uint8Array[],
];

/** A harness that plays the part of a shard of another engine. */
export interface ReplaySpec extends HarnessSpec {
  readonly shard: {
    readonly index: number;
    readonly count: number;
    readonly now: bigint;
    readonly wallOffset: bigint;
    readonly random: bigint;
  };
  readonly timers: readonly bigint[];
}

/** What became of a packet. `id` is 0 for one that the element made itself. */
export type ReplayOutcome =
  | { readonly kind: 'out'; readonly id: number; readonly port: number; readonly packet: unknown }
  | { readonly kind: 'drop'; readonly id: number; readonly reason: string }
  /** Handed over to another shard, `port`. */
  | { readonly kind: 'over'; readonly id: number; readonly port: number; readonly packet: unknown };

export interface NativeReplay {
  upgrade(spec: HarnessSpec): void;
  /** Gives it one captured batch, whose packets are numbered from `firstId` on. */
  replay(event: Uint8Array, firstId: number): ReplayOutcome[];
  close(): void;
}

export interface NativeHarness {
  push(port: number, packets: readonly unknown[]): void;
  supply(port: number, packets: readonly unknown[]): void;
  pull(port: number, max: number): unknown[];
  output(port: number): unknown[];
  drops(): Record<string, number>;
  handler(name: string, value: string | null, parameter?: string): string;
  run(times: number): number;
  advance(ms: number): void;
  upgrade(spec: HarnessSpec, newFlowsOnly: boolean): void;
  retire(): number;
  records(): number[];
  printed(): string[];
  statePointers(): StatePointer[];
  freePackets(): number;
  close(): void;
}

/** How an engine is made. */
export interface NativeOptions {
  readonly shards: number;
  readonly packets: number;
  readonly control: Uint8Array;
  readonly busyPoll: boolean;
  /** Whatever devices elements open do nothing. */
  readonly idleDevices?: boolean;
  /** Another engine has devices of its own for the same things: what only one can have is refused. */
  readonly beside?: boolean;
  readonly onLine: (shard: number, line: string) => void;
  readonly onStop: () => void;
  /** A shard has gone back to the graph before. */
  readonly onFault?: (fault: NativeFault) => void;
  /** The regions or devices have changed: what exportState() said before does not hold any more. */
  readonly onRegions?: () => void;
  /** What to take over from another engine. */
  readonly transfer?: ImportedState;
}

export interface Addon extends MessageFunctions {
  readonly abi: number;
  /** Of the manifests that it writes and reads. */
  readonly transferFormat: number;
  describeLibrary(path: string, statics: StaticsMode): string;
  /** The section that tells the layout of a library's undeclared statics, as the build adds it; null when it has none. */
  describeStatics(path: string): Uint8Array | null;
  /** For each of some elements of one class: null, or why it does not take its arguments. Nothing is opened. */
  checkArguments(
    path: string,
    elements: readonly Omit<NodePlan, 'library' | 'predecessor' | 'keep' | 'fresh' | 'newest' | 'moves'>[],
  ): ({ readonly message: string; readonly argument: number } | null)[];
  /** Begins a program without fork(); its number. Descriptor i is `descriptors[i]` of this process, /dev/null for -1. */
  spawnProgram(
    args: readonly string[],
    environment: readonly string[],
    descriptors: readonly number[],
  ): number;
  /** Calls `done` once it has ended. */
  waitForProgram(pid: number, done: (status: number | null, signal: number | null) => void): void;
  /** Two connected stream sockets. */
  socketPair(): [number, number];
  /** Binds this process to its parent's life and to so many seconds of processor time. */
  confine(seconds: number): void;
  /**
   * The function with which the shard's thread enters its loop, installing the graph that it left it for. Returns true
   * when it is to be entered again and false when it was stopped; with `true` it only returns that.
   */
  shardEntry(engine: number, shard: number): (rehearsal: boolean) => boolean;
  /** Names the thread and binds it to a CPU; -1 for any. */
  prepareThread(shard: number, cpu: number): void;
  shardOf(
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
    protocol: number,
    shards: number,
  ): number;
  Engine: new (options: NativeOptions) => NativeEngine;
  ElementHarness: new (spec: HarnessSpec) => NativeHarness;
  Replay: new (spec: ReplaySpec) => NativeReplay;
}

let loaded: Addon | undefined;

/** Loads the addon once in each thread. */
export function addon(): Addon {
  if (loaded) return loaded;
  try {
    loaded = createRequire(import.meta.url)(addonPath()) as Addon;
  } catch (cause) {
    throw new HotclickError('HC_INTERNAL', `the native addon cannot be loaded from ${addonPath()}`, {
      cause,
      hint: 'build it with `npm run build:native`',
    });
  }
  return loaded;
}

/** The shard that devices give a packet to; addresses and ports as they lie in memory (network order). */
export const shardOf: Addon['shardOf'] = (...tuple) => addon().shardOf(...tuple);

/** Runs a native call; an error with one of our codes comes out as a HotclickError. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

export function fromNative(error: unknown): unknown {
  if (error instanceof HotclickError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string' && code in errorTable) {
    return new HotclickError(code as ErrorCode, error.message, { cause: error });
  }
  return error;
}
