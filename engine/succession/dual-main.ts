/**
 * The strategy `dual-main`: a second whole process, with sockets of its own, restores the state while this one forwards.
 * Both get every packet for a moment; then this one stops, the other takes up what has changed since, and goes on behind
 * the last packet that was handled here.
 */
import { HotclickError } from '../errors.ts';
import type { StepTimer } from '../upgrade/step-timer.ts';
import type { PlannedChange } from '../upgrade/transaction.ts';
import { goOnThere } from './go-on-there.ts';
import { type HandedOn, type LeavingEngine, prepareSuccessor } from './leaving-engine.ts';
import { refuseRenamed } from './refuse-renamed.ts';
import { beginStop } from './restart.ts';

/** @throws HotclickError of the phase that failed; the engine runs here then, restored from the store if it had stopped */
export async function dualMain(
  engine: LeavingEngine,
  change: PlannedChange,
  step: StepTimer,
): Promise<HandedOn> {
  engine.host.refuseIfDemoted();
  refuse(change);
  await engine.sync();
  const written = engine.recordWrites();
  try {
    const successor = await prepareSuccessor(engine, change, step);
    const pending = await beginStop(engine, change, step, successor);
    step.passPointOfNoReturn();
    const lastPackets = await engine.leave({ rest: true });
    const meanwhile = { written: written.list(), lastFrames: engine.lastFrames() };
    return await goOnThere(engine, step, {
      pending,
      lastPackets,
      final: { meanwhile },
      successor: async () => successor,
    });
  } finally {
    written.end();
  }
}

/** @throws HotclickError HC_ARGUMENT */
function refuse(change: PlannedChange): void {
  refuseRenamed(change);
  if (change.request.cold) {
    throw new HotclickError('HC_ARGUMENT', 'with dual-main the new process starts beside the old one', {
      hint: 'leave out --cold, or use the strategy restart',
    });
  }
  for (const { className, elementClass } of change.design.classes.values()) {
    if (!elementClass.statics) continue;
    throw new HotclickError(
      'HC_ARGUMENT',
      `${className} has undeclared static variables, which dual-main cannot bring up to date`,
      { hint: 'use the strategy restart, or declare them as state' },
    );
  }
}
