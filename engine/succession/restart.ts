/**
 * The strategy `restart`: the engine stops after a last sync, and another process starts from the store. Usually that
 * process has loaded everything before; `cold` begins it only when this one has stopped.
 */
import type { StepTimer } from '../upgrade/step-timer.ts';
import type { PlannedChange } from '../upgrade/transaction.ts';
import { goOnThere } from './go-on-there.ts';
import {
  beginHandOn,
  type HandedOn,
  type LeavingEngine,
  type PendingRevision,
  prepareSuccessor,
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
  const successor = change.request.cold ? undefined : await prepareSuccessor(engine, change, step);
  const pending = await beginStop(engine, change, step, successor);
  step.passPointOfNoReturn();
  // The kernel takes its time for each socket that is closed: that is left to the end of this process.
  const lastPackets = await engine.leave({ rest: engine.canBeBeside() });
  return goOnThere(engine, step, {
    pending,
    lastPackets,
    successor: async () => successor ?? prepareSuccessor(engine, change, step),
  });
}

/** What can still be given up without a trace, when the state goes by the store. */
export async function beginStop(
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
