/**
 * The strategy `handover`: the new process maps the same memory and holds the same open devices before anything stops;
 * then the shards of both change over at one moment (docs/design/transfer.md). Nothing is copied and no packet is lost.
 */
import { HotclickError } from '../errors.ts';
import type { StepTimer } from '../upgrade/step-timer.ts';
import type { PlannedChange } from '../upgrade/transaction.ts';
import {
  beginHandOn,
  type HandedOn,
  type LeavingEngine,
  type PendingRevision,
  prepareSuccessor,
  reasonOf,
  type WaitingSuccessor,
} from './leaving-engine.ts';
import { refuseRenamed } from './refuse-renamed.ts';

/** ms that the shards may wait for each other: so long is the gap when the new process dies within it. */
const patience = 500;
/** A table may grow between the description of the memory and its hand-over: that is seen, and described anew. */
const mostTries = 3;

/** @throws HotclickError of the phase that failed; the engine runs here then */
export async function handover(
  engine: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
): Promise<HandedOn> {
  refuseRenamed(change);
  let pending: PendingRevision | undefined;
  let successor: WaitingSuccessor | undefined;
  try {
    for (let tries = 1; ; ++tries) {
      successor = await prepareSuccessor(engine, change, step, { exported: engine.exportState() });
      pending ??= await beginHandOn(engine, change, step);
      step.begin('quiesce', 'a sync while packets flow');
      await engine.pauseSync();
      step.begin('final', 'the shards of the new process wait');
      await successor.process.final(pending.message);
      step.begin('go', `process ${successor.process.pid}`);
      try {
        await engine.handOut(patience);
        break;
      } catch (error) {
        if (tries === mostTries || successor.process.hasEnded || !isRefusal(error)) throw error;
        await successor.process.abort();
        await engine.resumeSync();
      }
    }
  } catch (error) {
    await successor?.process.abort();
    await pending?.fail(error);
    await engine.resumeSync();
    throw error;
  }
  step.passPointOfNoReturn();
  return leave(engine, pending, successor, step);
}

/** The packets are the new process's; what is left is the store. */
async function leave(
  engine: LeavingEngine,
  { record }: PendingRevision,
  successor: WaitingSuccessor,
  step: StepTimer,
): Promise<HandedOn> {
  const { revision } = record;
  try {
    await engine.leaveParted();
    const { breaks } = await successor.process.go([]);
    successor.process.release();
    return { revision, breaks, successor: successor.summary };
  } catch (error) {
    await successor.process.abort();
    step.begin('rollback', 'the engine starts here again');
    await engine.revive({ revision, reason: reasonOf(error) });
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof HotclickError && error.code === 'HC_TRANSFER';
}
