/**
 * The strategy `two-process`: a holder has the devices and the memory, as the primary process of two; this process
 * forwards with them, stops, and another one goes on with them. What comes meanwhile waits in the rings of the devices.
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
import { refuseRenamed } from './refuse-renamed.ts';

/** @throws HotclickError of the phase that failed; the engine runs here then, with what the holder has */
export async function twoProcess(
  engine: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
): Promise<HandedOn> {
  refuseRenamed(change);
  const holder = await engine.entrust();
  const prepare = () => prepareSuccessor(engine, change, step, { holder });
  const successor = change.request.cold ? undefined : await prepare();
  const pending = await beginTwoProcess(engine, change, step, successor);
  step.passPointOfNoReturn();
  const lastPackets = await engine.leave({ entrusted: true });
  return goOnThere(engine, step, {
    pending,
    lastPackets,
    entrusted: true,
    successor: async () => successor ?? prepare(),
  });
}

/** What can still be given up without a trace. */
async function beginTwoProcess(
  engine: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
  successor: WaitingSuccessor | undefined,
): Promise<PendingRevision> {
  let pending: PendingRevision | undefined;
  try {
    pending = await beginHandOn(engine, change, step);
    step.begin('quiesce', 'the holder has everything');
    await engine.entrust();
    await engine.pauseSync();
    step.begin('final', 'the shards stop');
    return pending;
  } catch (error) {
    await successor?.process.abort();
    await pending?.fail(error);
    await engine.resumeSync();
    throw error;
  }
}
