/** Giving a running engine to another process, seen from the one that goes. */
import type { LastFrames } from '../datapath/addon.ts';
import type { ExportedState } from '../datapath/transfer.ts';
import type { SuccessorSummary, UpgradeReport } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { RevisionRecord } from '../state/journal.ts';
import type { WriteRecord } from '../state/store.ts';
import { type LoadedClass, libraryVersion } from '../upgrade/library-shelf.ts';
import { librariesOf, recordOlder } from '../upgrade/older-versions.ts';
import { beginRevision, failRevision } from '../upgrade/prepare.ts';
import type { StepTimer } from '../upgrade/step-timer.ts';
import type { PlannedChange, UpgradeTools } from '../upgrade/transaction.ts';
import type { HostProcess } from './host-process.ts';
import { type FinalMessage, type HandedClass, successionProtocol } from './messages.ts';
import type { Successor } from './successor.ts';

export type HandedOn = Pick<UpgradeReport, 'revision' | 'breaks' | 'successor'>;

/** The engine that is to be left, as far as a succession is concerned with it. */
export interface LeavingEngine {
  readonly host: HostProcess;
  readonly tools: UpgradeTools;
  readonly hasStore: boolean;
  /** Where the library of a class can be read. */
  libraryFile(loaded: LoadedClass): string;
  /** Of every revision since the start. */
  libraryFiles(): Promise<Readonly<Record<string, string>>>;
  /** Writes to the store what has changed until now. @throws HotclickError HC_STORE when there is none */
  sync(): Promise<unknown>;
  /**
   * Stops forwarding and closes the store, after a last sync. Gives by shard the time at which it last handled packets, in
   * ns of CLOCK_MONOTONIC.
   */
  leave(options?: LeaveOptions): Promise<readonly bigint[]>;
  /** Whether another process can open the same devices while this one has them open. */
  canBeBeside(): boolean;
  /** From now on it is noted which values are written to the store. @throws HotclickError HC_STORE when there is none */
  recordWrites(): WriteRecord;
  /** After leave() with `rest`: by shard, the last frames that were handled. */
  lastFrames(): readonly LastFrames[];
  /** A holder has the devices and the memory; where it listens. With `entrusted`, leave() lets it keep them. */
  entrust(): Promise<string>;
  /** What another engine needs to take over memory and devices. */
  exportState(): ExportedState;
  /** A last sync; none begins until resumeSync(). */
  pauseSync(): Promise<void>;
  resumeSync(): Promise<void>;
  /** Resolves when the shards of another process have taken over. @throws HotclickError HC_TRANSFER when these go on */
  handOut(patience: number): Promise<void>;
  /** After handOut(): closes what is left, the store too. */
  leaveParted(): Promise<void>;
  /** After leave() or leaveParted(): the engine runs here again, from the store, with the revision that it had. */
  revive(undone: Undone): Promise<void>;
}

export interface LeaveOptions {
  /** A holder keeps devices and memory. */
  readonly entrusted?: boolean;
  /** Devices and memory stay as they are until the process ends; otherwise they are closed. */
  readonly rest?: boolean;
}

/** A revision that another process was to run. */
export interface Undone {
  readonly revision: number;
  readonly reason: string;
  /** The process that was to have what was entrusted to a holder. */
  readonly entrustedTo?: number;
}

/** What a successor goes on with besides the store. */
export interface Belongings {
  readonly exported?: ExportedState;
  /** Where the holder listens that has everything. */
  readonly holder?: string;
}

/** A process that waits beside the running engine, with everything loaded. */
export interface WaitingSuccessor {
  readonly process: Successor;
  readonly summary: SuccessorSummary;
}

/** Starts a process and has it load the design. @throws HotclickError HC_SUCCESSION, and what it met while loading */
export async function prepareSuccessor(
  { host, hasStore, libraryFile, libraryFiles }: LeavingEngine,
  { request, design, strategy }: PlannedChange & { strategy: UpgradeReport['strategy'] },
  step: StepTimer,
  { exported, holder }: Belongings = {},
): Promise<WaitingSuccessor> {
  const process = host.spawn(request);
  try {
    step.begin('prepare', `process ${process.pid} loads the graph and its libraries`);
    const classes = [...design.classes].map(([name, loaded]): [string, HandedClass] => [
      name,
      { ...libraryVersion(loaded), file: libraryFile(loaded) },
    ]);
    const { pid, node, hotclick } = await process.prepare(
      {
        protocol: successionProtocol,
        pid: host.pid,
        strategy,
        kind: request.kind,
        ...(request.restores === undefined ? {} : { restores: request.restores }),
        graphText: design.graphText,
        older: recordOlder(design.older).map((record, i) => ({
          ...record,
          file: libraryFile(design.older[i]!.loaded),
        })),
        graph: design.graph,
        classes: Object.fromEntries(classes),
        ...(hasStore ? {} : { libraries: await libraryFiles() }),
        ...(exported ? { transfer: exported.manifest } : {}),
        ...(holder === undefined ? {} : { holder }),
      },
      exported?.fds ?? [],
      step.signal,
    );
    return { process, summary: { pid, node, hotclick } };
  } catch (error) {
    await process.abort();
    throw error;
  }
}

/** The pending revision of the journal that the successor will commit. */
export async function beginHandOn(
  { tools, hasStore }: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
): Promise<PendingRevision> {
  for (const loaded of librariesOf(change.design)) await tools.shelf.keep(loaded);
  const record = await beginRevision(tools, change);
  const fail = (error: unknown) => failRevision(tools, record, step.cancellation ?? error);
  try {
    const prepared = await tools.journal.step(record.revision, 'prepared');
    const message = { record: prepared, ...(hasStore ? {} : { records: tools.journal.list() }) };
    return { record: prepared, message, fail };
  } catch (error) {
    await fail(error);
    throw error;
  }
}

export interface PendingRevision {
  readonly record: RevisionRecord;
  readonly message: Omit<FinalMessage, 'type'>;
  /** While the journal is still ours. */
  readonly fail: (error: unknown) => Promise<void>;
}

export function reasonOf(error: unknown): string {
  return error instanceof HotclickError || error instanceof Error ? error.message : String(error);
}
