/** The strategies that give the engine to another process. */
import type { StepTimer } from '../upgrade/step-timer.ts';
import type { PlannedChange } from '../upgrade/transaction.ts';
import type { HandedOn, LeavingEngine } from './leaving-engine.ts';
import { restart } from './restart.ts';

/** @throws HotclickError of the phase that failed; the engine runs here then */
export function handOn(engine: LeavingEngine, change: PlannedChange, step: StepTimer): Promise<HandedOn> {
  return restart(engine, change, step);
}
