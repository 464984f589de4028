/** The strategies that give the engine to another process. */
import { isOfProcesses, type ProcessStrategy } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { StepTimer } from '../upgrade/step-timer.ts';
import type { PlannedChange } from '../upgrade/transaction.ts';
import { dualMain } from './dual-main.ts';
import { handover } from './handover.ts';
import type { HandedOn, LeavingEngine } from './leaving-engine.ts';
import { restart } from './restart.ts';
import { twoProcess } from './two-process.ts';

type Course = (engine: LeavingEngine, change: PlannedChange, step: StepTimer) => Promise<HandedOn>;

const courses: Readonly<Record<ProcessStrategy, Course>> = {
  handover,
  'two-process': twoProcess,
  'dual-main': dualMain,
  restart,
};

/** @throws HotclickError of the phase that failed; the engine runs here then */
export function handOn(engine: LeavingEngine, change: PlannedChange, step: StepTimer): Promise<HandedOn> {
  if (isOfProcesses(change.strategy)) return courses[change.strategy](engine, change, step);
  throw new HotclickError('HC_INTERNAL', `${change.strategy} hands nothing on`);
}
