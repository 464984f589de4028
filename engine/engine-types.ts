/** The shapes that the engine gives and takes: what the API, the control socket and the command line share. */
import type { ElementClass } from './graph/element-class.ts';
import type { RouterGraph } from './graph/router-graph.ts';
import type { WatchOptions, WatchReport } from './watch-types.ts';

/** How an upgrade is carried out: each name with what it does. */
export const strategies = {
  swap: 'in place, at a batch boundary',
  thread: 'every shard leaves its loop and enters again',
  'all-threads': 'the same in all shards at once',
  core: 'another copy of the datapath core takes over, within the process',
  handover: 'another process takes over the open devices and the memory, the old one leaves',
  'two-process':
    'a holder has the devices and the memory; the forwarding process stops and another goes on with them',
  'dual-main':
    'another process has sockets of its own and restores the state beside this one, then the traffic is switched',
  restart: 'the process stops, a new one starts and restores from the store',
} as const;

export type Strategy = keyof typeof strategies;

/** What is done about static variables that a library has not declared as state: each way with what it does. */
export const staticsModes = {
  mapped: 'there must be none; declared ones are mapped',
  symbols: 'they are copied, paired by symbol and owning function',
  compiled: 'they are mapped or copied by the layout that the build has written',
} as const;

export type StaticsMode = keyof typeof staticsModes;
const processStrategies = ['handover', 'two-process', 'dual-main', 'restart'] as const;

export type ProcessStrategy = (typeof processStrategies)[number];

/** Whether another process takes the engine's place. */
export function isOfProcesses(strategy: Strategy | undefined): strategy is ProcessStrategy {
  return (processStrategies as readonly (Strategy | undefined)[]).includes(strategy);
}

/** Whether an upgrade by that strategy is one without any change of classes: then it replaces what runs them. */
export function replacesWhatRunsThem(strategy: Strategy | undefined): boolean {
  return strategy === 'core' || isOfProcesses(strategy);
}

export interface EngineOptions {
  /** Click text, or a graph built by a program. */
  readonly configuration: string | RouterGraph;
  /** Name shown in errors; default 'configuration'. */
  readonly file?: string;
  /** Values for `$name` in the configuration. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Datapath threads; default 1. */
  readonly threads?: number;
  /** Directory of the state store; without it state lives in memory only. */
  readonly store?: string;
  /** Milliseconds between two syncs to the store; default 100. */
  readonly syncInterval?: number;
  /** Packets in the arena; default 32768. */
  readonly packets?: number;
  /** Never let a shard sleep: for cores of its own. */
  readonly busyPoll?: boolean;
  /** CPU numbers to pin the shards to. */
  readonly cpus?: readonly number[];
  /** File of earlier breaks that predictions are made from; default: $XDG_STATE_HOME/hotclick/breaks.jsonl. */
  readonly breakHistory?: string;
  /** Directories searched for element libraries before the built-in one. */
  readonly libraryPath?: readonly string[];
  /** Files with public keys: a library or source that is signed must be signed by one of them. */
  readonly trustedKeys?: readonly string[];
  /** Nothing but the built-in libraries is loaded without a signature. */
  readonly requireSignature?: boolean;
  /** About static variables that libraries have not declared; default 'mapped': there must be none. */
  readonly statics?: StaticsMode;
  readonly signal?: AbortSignal;
}

export interface UpgradeOptions extends SuccessorOptions, WatchOptions {
  readonly strategy?: Strategy;
  /** Strategy `core`: file of the core (hotclick.node); default: the installed one. */
  readonly core?: string;
  /** For the libraries that it brings; default: what the engine was started with, for a rollback what they had. */
  readonly statics?: StaticsMode;
  /** Only plan and verify. */
  readonly dryRun?: boolean;
  /** Before anything is changed. */
  readonly shadow?: ShadowOptions;
  /** Refuse what is not signed by a key that the engine trusts. */
  readonly requireSignature?: boolean;
  /** Milliseconds that new code may take for one thing it is asked in its trial; default 10000. */
  readonly verifyTimeout?: number;
  /** Existing flows stay with the version that runs until they end; the new version takes new flows only. */
  readonly newFlowsOnly?: boolean;
  readonly signal?: AbortSignal;
  /** Told of every step as it begins. */
  readonly onStep?: (step: UpgradeStep) => void;
}

/** What runs in the place of this process; for strategies that replace the process. */
export interface SuccessorOptions {
  /** Another Node.js; default: the one that runs. */
  readonly node?: string;
  /** Directory of another installation of hotclick; default: the one that runs. */
  readonly hotclick?: string;
  /** restart: begin the new process only when the old one has stopped. */
  readonly cold?: boolean;
}

/** The process that took over. */
export interface SuccessorSummary {
  readonly pid: number;
  /** Versions. */
  readonly node: string;
  readonly hotclick: string;
}

export interface ClassUpgradeOptions extends UpgradeOptions {
  /**
   * Several classes change as one in each shard; the default. Otherwise one class after the other, each as a revision of
   * its own: those before one that fails stay.
   */
  readonly atomic?: boolean;
}

export interface UpgradeStep {
  /**
   * 'plan', 'build', 'verify', 'shadow', 'prepare', 'canary', 'roll', 'watch', 'commit', 'rollback'; of processes
   * 'quiesce', 'final', 'go' too
   */
  readonly step: string;
  readonly detail: string;
}

/** One action of a plan; see engine/graph/diff.ts. */
export interface PlannedAction {
  /** Also 'pin': a new version starts beside the one that runs; 'move': the records of an older version move to the newest. */
  readonly kind: 'keep' | 'adopt' | 'start' | 'drain' | 'pin' | 'move';
  readonly element: string;
  readonly className: string;
  readonly from?: string;
  readonly reasons: readonly string[];
  /** Versions when they differ. */
  readonly versions?: { readonly from: string; readonly to: string };
  /** States touched and what is done with each: 'mapped', 'converted', 'adopted', 'new', 'lost', 'moved', 'copied'. */
  readonly states: readonly {
    readonly name: string;
    readonly kind: string;
    readonly how: string;
    /** Of the value; of a table that is in use, the memory of all shards. */
    readonly bytes: number;
    /** Tables that are in use. */
    readonly records?: number;
    readonly conversion?: StateConversion;
  }[];
}

/** The break that was expected before the upgrade. */
export interface BreakPrediction {
  readonly shards: readonly {
    readonly shard: number;
    readonly breakNs: number;
    /** Nine of ten breaks are not longer. */
    readonly limitNs: number;
  }[];
  /** Fitted to earlier upgrades on this machine, or, without any, a guess from the benchmark's machine. */
  readonly basis: 'history' | 'prior';
  /** How many earlier upgrades by this strategy the model was fitted to. */
  readonly upgrades: number;
}

/** How a state gets from the layout it has to the one of the new version, and how it would come back. */
export interface StateConversion {
  /** Versions of the schema. */
  readonly from: number;
  readonly to: number;
  /** 'up_from(1)', 'down_to(1)', or 'fields of equal name' where the author wrote no function for the pair. */
  readonly converter: string;
  /** The same for a rollback. */
  readonly back: string;
  /** Fields that a rollback would lose. */
  readonly lostByRollback: readonly string[];
}

export interface ShardBreak {
  readonly shard: number;
  /**
   * Time without packet handling, from the shard's own clock; between processes from the last packets of the old one's
   * shard until the new one's runs.
   */
  readonly breakNs: number;
  /** When it began: CLOCK_MONOTONIC, as `process.hrtime`. */
  readonly beginNs?: number;
}

/** What was found out about new code before it was let near a packet. */
export interface VerifyReport {
  /** What refuses nothing now and may matter later: a missing way back, a state that is lost, … */
  readonly warnings: readonly string[];
  /** One for each class that the running revision does not have in this version. */
  readonly vectors: readonly VectorsReport[];
}

/** The test vectors of a class, which ran in a child process. */
export interface VectorsReport {
  readonly className: string;
  readonly version: string;
  readonly passed: number;
  /** Not given when the class has none. */
  readonly file?: string;
}

/** How new code is compared with the running one on copies of live packets. */
export interface ShadowOptions {
  /** Packets to copy, of each element that is replaced. */
  readonly packets: number;
  /** Packets that may come to another end than before; default 0. */
  readonly budget?: number;
  /** Allowed differences, which do not count: 'drop:no-rule', 'fw: port 1 -> 0', 'field ip.ttl', … */
  readonly expect?: readonly string[];
  /** Milliseconds to wait for the packets; default 10000. */
  readonly timeout?: number;
}

/** What became of a packet: 'output 1', 'dropped: no rule', 'shard 2'. */
export interface OutcomeReport {
  readonly what: string;
  /** Hexadecimal. */
  readonly frame?: string;
}

/** A packet that came to another end, and no rule allowed it. */
export interface ShadowDifference {
  readonly element: string;
  readonly className: string;
  readonly shard: number;
  /** Number of the packet in that shard and element. */
  readonly packet: number;
  readonly input: number;
  /** As it came in, hexadecimal. */
  readonly frame: string;
  /** In what it differs: 'ip.ttl: 63 -> 62'. */
  readonly differences: readonly string[];
  readonly before: readonly OutcomeReport[];
  readonly after: readonly OutcomeReport[];
}

export interface ShadowedElement {
  readonly element: string;
  readonly className: string;
  readonly versions: { readonly from: string; readonly to: string };
  readonly packets: number;
  readonly differences: number;
  readonly allowed: number;
}

/** What the new version did with copies of live packets, beside what the running one did with them. */
export interface ShadowReport {
  /** Packets that were asked for, of each element. */
  readonly asked: number;
  /** Packets that both versions were given, of all elements. */
  readonly packets: number;
  /** Packets that came to another end than before, and no rule allowed it. */
  readonly differences: number;
  /** Packets that came to another end, as a rule allowed. */
  readonly allowed: number;
  /** Packets that were not copied because too many came at once. */
  readonly missed: number;
  readonly elements: readonly ShadowedElement[];
  /** The first that differ. */
  readonly first: readonly ShadowDifference[];
  /** Longest time in ns that a shard spent at once on copying state. */
  readonly longestPauseNs: number;
}

/** What becomes of the static variables that a class has not declared as state, in every shard. */
export interface StaticsReport {
  readonly className: string;
  /** How the new library's were found. */
  readonly mode: StaticsMode;
  /** 'mapped': the same pages, nothing is copied; 'lost': the new version has none of them. */
  readonly how: 'mapped' | 'copied' | 'new' | 'lost';
  /** That are carried over. */
  readonly variables: number;
  readonly bytes: number;
  /** Names of those that only the new version has: they begin with their initialisers. */
  readonly created: readonly string[];
  /** Names of those that only the old version has. */
  readonly lost: readonly string[];
  /** ns it took, outside the gap, to find the new library's variables, and to pair them with the old one's. */
  readonly readNs: number;
  readonly matchNs: number;
}

export interface UpgradeReport {
  readonly revision: number;
  readonly parent: number;
  readonly strategy: Strategy;
  readonly dryRun: boolean;
  readonly actions: readonly PlannedAction[];
  /** What the plan expected; not given for the first revision of an engine. */
  readonly prediction?: BreakPrediction;
  readonly breaks: readonly ShardBreak[];
  /** ms outside the gap: building, verifying, preparing, and until the old libraries were gone. */
  readonly timings: Readonly<Record<string, number>>;
  /** Of the classes whose library changes, those with static variables that are not declared as state. */
  readonly statics?: readonly StaticsReport[];
  /** What the guards saw, when a watch was asked for. */
  readonly watches?: readonly WatchReport[];
  /** Not for the first revision of an engine. */
  readonly verify?: VerifyReport;
  /** When it was asked for. */
  readonly shadow?: ShadowReport;
  /** Strategies that replace the process. Its control socket has the path of the old one's. */
  readonly successor?: SuccessorSummary;
}

export interface ShardStats {
  readonly shard: number;
  readonly rounds: number;
  readonly busyRounds: number;
  readonly sleeps: number;
  readonly sleeping: boolean;
  /** On the shard's own stack; the rest of the free packets is in the common depot. */
  readonly freePackets: number;
  /**
   * Most that the conversion of records has taken of one round since the last swap: of any, by the clock, and of those
   * rounds that no other program interrupted.
   */
  readonly longestConversion: { readonly wallNs: number; readonly uninterruptedNs: number };
  /**
   * Packets that the shard itself dropped, by reason: 'element gone' (handed over to an element that was removed),
   * 'drain ended' (a removed element still held them when its time was up), 'queue gone' (the new version of their
   * element has no such queue).
   */
  readonly drops: Readonly<Record<string, number>>;
}

export interface ElementStats {
  readonly element: string;
  readonly className: string;
  readonly version: string;
  /** Drops by reason, all shards. */
  readonly drops: Readonly<Record<string, number>>;
  /** Packets sent to outputs that are not connected. */
  readonly unconnected: number;
  /** Packets waiting. */
  readonly held: number;
  /** Records in all its tables. */
  readonly records: number;
  /** For an older version that runs beside the newest (its name is ELEMENT~REVISION): the element. */
  readonly beside?: string;
}

export interface EngineStats {
  readonly revision: number;
  readonly uptimeMs: number;
  /** Packets of the arena. */
  readonly packets: { readonly total: number; readonly free: number };
  readonly shards: readonly ShardStats[];
  readonly elements: readonly ElementStats[];
  readonly store?: {
    readonly lastSyncMs: number;
    readonly pages: number;
    readonly bytes: number;
    readonly error?: string;
  };
}

export interface TraceEvent {
  readonly time: string;
  readonly shard: number;
  /** Number of the packet in this trace. */
  readonly packet: number;
  readonly kind: 'hop' | 'drop';
  readonly element: string;
  readonly version: string;
  readonly port: number;
  /** Where it went, for a hop. */
  readonly to?: string;
  readonly toPort?: number;
  /** Why, for a drop. */
  readonly reason?: string;
  readonly length: number;
  /** First bytes, hexadecimal. */
  readonly head: string;
}

export interface TapSummary {
  readonly file: string;
  readonly packets: number;
  readonly lost: number;
}

export interface RevisionSummary {
  readonly revision: number;
  readonly parent: number;
  readonly createdAt: string;
  readonly kind: string;
  readonly status: string;
  readonly strategy: string;
  readonly current: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly breaks: readonly ShardBreak[];
  readonly reason?: string;
  /** What ran, or runs, beside those versions. */
  readonly older: readonly OlderVersionSummary[];
}

/** An older version of an element that goes on with its flows beside the newest version. */
export interface OlderVersionSummary {
  /** ELEMENT~REVISION: for `read` and `state get`. */
  readonly name: string;
  readonly element: string;
  readonly className: string;
  readonly version: string;
  /** Its records move to the newest version; otherwise it waits until they end. */
  readonly moves: boolean;
  /** Records it has now, as long as it runs. */
  readonly records?: number;
  /** When its last flow had ended. */
  readonly endedAt?: string;
}

/**
 * What a running engine can be asked; `Engine` is it in this process, `ControlClient` over the control socket.
 * Every failure is a HotclickError.
 */
export interface EngineControl {
  /** 'element.handler'; the values of all shards merged as the handler declares. `list`, `version`, `config` alone
   * are the router's own handlers; `element.handlers`, `element.class`, `element.config` every element has. `parameter` is for
   * handlers that take one: read('routes.lookup', '10.0.0.1'). */
  read(path: string, parameter?: string): Promise<string>;
  /** To all shards. */
  write(path: string, value: string): Promise<void>;
  /** `changes`: class name to source file (.cc) or built library (.so). None: only the process is replaced. */
  upgrade(changes: Readonly<Record<string, string>>, options?: ClassUpgradeOptions): Promise<UpgradeReport>;
  apply(
    configuration: string,
    options?: UpgradeOptions & { file?: string; defines?: Readonly<Record<string, string>> },
  ): Promise<UpgradeReport>;
  /** To the revision before, or to `revision`. */
  rollback(options?: UpgradeOptions & { revision?: number }): Promise<UpgradeReport>;
  history(): Promise<RevisionSummary[]>;
  stats(): Promise<EngineStats>;
  /** Click text of the running graph. */
  flatten(): Promise<string>;
  classes(): Promise<ElementClass[]>;
  /** Ends when `limit` packets have been followed to their end or the signal says so. */
  trace(filter: string, options?: { limit?: number; signal?: AbortSignal }): AsyncIterable<TraceEvent>;
  /** `edge`: 'element[port]' for an output, '[port]element' for an input. */
  tap(
    edge: string,
    file: string,
    options?: { snaplen?: number; limit?: number; signal?: AbortSignal },
  ): Promise<TapSummary>;
  stateList(): Promise<unknown>;
  stateGet(table: string, options?: { filter?: string; limit?: number }): Promise<unknown>;
  stateHistory(): Promise<unknown>;
  stateDiff(from: number, to: number): Promise<unknown>;
  /** Stops the engine after a last sync. */
  stop(): Promise<void>;
}
