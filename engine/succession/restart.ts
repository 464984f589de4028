/**
 * The strategy `restart`: the engine stops after a last sync, and another process starts from the store. Usually that
 * process has loaded everything before; `cold` begins it only when this one has stopped.
 */
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

/** @throws HotclickError of the phase that failed; the engine runs here then, restored from the store if it had stopped */
export async function restart(
  engine: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
): Promise<HandedOn> {
  engine.host.refuseIfDemoted();
  await engine.sync();
  let successor = change.request.cold ? undefined : await prepareSuccessor(engine, change, step);
  const pending = await beginRestart(engine, change, step, successor);
  step.passPointOfNoReturn();
  const lastPackets = await engine.leave();
  try {
    successor ??= await prepareSuccessor(engine, change, step);
    await successor.process.final(pending.message);
    step.begin('go', `process ${successor.process.pid}`);
    const { breaks } = await successor.process.go(lastPackets);
    successor.process.release();
    return { revision: pending.record.revision, breaks, successor: successor.summary };
  } catch (error) {
    await successor?.process.abort();
    step.begin('rollback', 'the engine starts here again');
    await engine.revive({ revision: pending.record.revision, reason: reasonOf(error) });
    throw error;
  }
}

/** What can still be given up without a trace. */
async function beginRestart(
  engine: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
  successor: WaitingSuccessor | undefined,
): Promise<PendingRevision> {
  try {
    const pending = await beginHandOn(engine, change, step);
    try {
      step.begin('quiesce', 'a sync while packets flow');
      await engine.sync();
      step.begin('final', 'the last sync, then the devices are closed');
      return pending;
    } catch (error) {
      await pending.fail(error);
      throw error;
    }
  } catch (error) {
    await successor?.process.abort();
    throw error;
  }
}
