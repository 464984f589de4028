/**
 * What two processes say to each other when one takes the other's place: lines of JSON over a Unix socket pair.
 *
 *   old → new   prepare    what to run; the new process loads everything it can load beside the old one
 *   new → old   prepared
 *   old → new   final      nothing of the old one's state will change any more
 *   new → old   ready      all that can fail has been done
 *   old → new   go         from here on the old process forwards nothing
 *   new → old   running
 *
 * Instead of any answer: failed. A new process whose predecessor ends before it has said go ends too.
 */
import type { WireError } from '../control/protocol.ts';
import type { LastFrames } from '../datapath/addon.ts';
import type { TransferManifest } from '../datapath/transfer.ts';
import type { ShardBreak, Strategy } from '../engine-types.ts';
import type { RouterGraph } from '../graph/router-graph.ts';
import type { LibraryVersion, OlderVersionRecord, RevisionKind, RevisionRecord } from '../state/journal.ts';

/** Raised when the meaning of a message changes: processes of two versions of hotclick talk here. */
export const successionProtocol = 1;

/** A class of the design, with the file of its library where the predecessor has one. */
export interface HandedClass extends LibraryVersion {
  readonly file: string;
}

export interface PrepareMessage {
  readonly type: 'prepare';
  readonly protocol: number;
  readonly pid: number;
  readonly strategy: Strategy;
  readonly kind: RevisionKind;
  readonly restores?: number;
  readonly graphText: string;
  readonly graph: RouterGraph;
  /** Older versions of elements that run beside the newest. */
  readonly older?: readonly (OlderVersionRecord & HandedClass)[];
  readonly classes: Readonly<Record<string, HandedClass>>;
  /** Files of libraries that earlier revisions had, by hash, where there is no store to have them. */
  readonly libraries?: Readonly<Record<string, string>>;
  /** Where memory and devices are handed over: its files come over the second socket. */
  readonly transfer?: TransferManifest;
  /** Where a holder listens from which everything is to be taken when the old process has stopped. */
  readonly holder?: string;
}

export interface PreparedMessage {
  readonly type: 'prepared';
  readonly pid: number;
  readonly node: string;
  readonly hotclick: string;
}

export interface FinalMessage {
  readonly type: 'final';
  /** The pending revision, which the new process is to commit. */
  readonly record: RevisionRecord;
  /** The journal of an engine that has no store. */
  readonly records?: readonly RevisionRecord[];
  /** dual-main: what the old process has done since the new one restored the state. */
  readonly meanwhile?: Meanwhile;
}

export interface Meanwhile {
  /** Values that it has written to the store; see StateStore.recordWrites. */
  readonly written: readonly string[];
  /** By shard: the last frames that it has handled. */
  readonly lastFrames: readonly LastFrames[];
}

export interface ReadyMessage {
  readonly type: 'ready';
}

export interface GoMessage {
  readonly type: 'go';
  /**
   * By shard: when the old process last handled packets, ns of CLOCK_MONOTONIC in decimal digits. Where memory is handed
   * over, that says so itself, and `go` means that the store is closed.
   */
  readonly lastPackets: readonly string[];
}

export interface RunningMessage {
  readonly type: 'running';
  readonly breaks: readonly ShardBreak[];
}

export interface FailedMessage {
  readonly type: 'failed';
  readonly error: WireError;
}

export type SuccessionMessage =
  | PrepareMessage
  | PreparedMessage
  | FinalMessage
  | ReadyMessage
  | GoMessage
  | RunningMessage
  | FailedMessage;

export type MessageOf<T extends SuccessionMessage['type']> = Extract<SuccessionMessage, { type: T }>;
