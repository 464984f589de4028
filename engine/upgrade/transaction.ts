/** What the steps of an upgrade are given, and what they hand on. */
import type { NativeEngine } from '../datapath/addon.ts';
import type { PlannedAction, ShardBreak, StaticsReport, Strategy, UpgradeOptions } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { RevisionKind } from '../state/journal.ts';
import type { CoreReplacement } from './core-replacement.ts';
import type { FaultInbox } from './fault.ts';
import type { MeteredEngine } from './flow-meter.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { Journal } from './memory-journal.ts';
import type { graphPlan, Revision, RevisionDesign } from './revision.ts';
import type { StepTimer } from './step-timer.ts';

/** What a journal record of ours says about the change. */
export interface RevisionReport {
  readonly breaks: readonly ShardBreak[];
  readonly timings: Readonly<Record<string, number>>;
  /** The revision that a rollback brought back. */
  readonly restores?: number;
}

export interface UpgradeRequest extends UpgradeOptions {
  readonly kind: RevisionKind;
  readonly restores?: number;
  /** Makes the design, given the running revision: builds, loads and checks. */
  readonly design: (running: Revision | undefined, step: StepTimer) => Promise<RevisionDesign>;
  readonly continues?: ContinuedRevision;
}

/** A revision that another process began, and which goes on in this one. */
export interface ContinuedRevision {
  /** Called with the native engine's number for it; resolves with the journal's when the shards may roll. */
  readonly whenPrepared: (prepared: number) => Promise<number>;
  /** The break lasts since the other process's shard handled packets. */
  readonly roll: (shard: number, prepared: number) => Promise<Omit<ShardBreak, 'shard'>>;
}

/** Told of the points of a transaction at which what the engine consists of changes. */
export interface TransactionListener {
  /** Everything is prepared and no shard has rolled. */
  onPrepared(): void;
  /** Whatever came of it. */
  onEnded(): void;
}

/** What an upgrade needs of the native engine. */
export type UpgradableEngine = Pick<
  NativeEngine,
  | 'prepare'
  | 'tryConfigure'
  | 'discard'
  | 'roll'
  | 'endWatch'
  | 'keep'
  | 'takeBack'
  | 'reclaim'
  | 'settle'
  | 'abandon'
  | 'states'
  | 'matchStatics'
> &
  MeteredEngine;

/** What every step works with. */
export interface UpgradeTools {
  readonly engine: UpgradableEngine;
  readonly shards: number;
  readonly journal: Journal;
  readonly shelf: Pick<LibraryShelf, 'keep'>;
  /** For strategy `core`. */
  readonly core?: Pick<CoreReplacement, 'prepare' | 'roll' | 'abandon'>;
  /** What shards tell of code that has crashed. */
  readonly faults: FaultInbox;
  /** Aborts when the engine stops. */
  readonly closing: AbortSignal;
}

/** A change that has been planned, built and verified; nothing of it runs. */
export interface PlannedChange {
  readonly request: UpgradeRequest;
  readonly strategy: Strategy;
  readonly running: Revision | undefined;
  readonly design: RevisionDesign;
  readonly actions: readonly PlannedAction[];
  readonly statics: readonly StaticsReport[];
  readonly plan: ReturnType<typeof graphPlan>;
}

/** A change whose graphs are built beside the running ones and which the journal knows as pending. */
export interface PreparedChange extends PlannedChange {
  /** The native engine's number for it. */
  readonly prepared: number;
  /** The journal's number for it. */
  readonly revision: number;
}

/** Once shards have rolled, the revision runs whether the journal can be written or not. */
export async function recordIfPossible(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof HotclickError) || error.code !== 'HC_STORE') throw error;
  }
}

/** The engine has ended in the middle of a roll: nothing can be taken back. */
export class EngineEnded extends Error {
  constructor(cause: unknown) {
    super('the engine has ended', { cause });
  }
}

/** ms that new code may compute in one round. */
export function loopLimitOf({ loopLimit }: UpgradeRequest): number {
  return loopLimit ?? 100;
}

/** ms between two looks at something that ends soon. */
export const lookInterval = 5;

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
