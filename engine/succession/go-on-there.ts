/** The second half of the strategies in which the old process stops before the new one forwards. */
import type { StepTimer } from '../upgrade/step-timer.ts';
import {
  type HandedOn,
  type LeavingEngine,
  type PendingRevision,
  reasonOf,
  type WaitingSuccessor,
} from './leaving-engine.ts';
import type { FinalMessage } from './messages.ts';

export interface Stopped {
  readonly pending: PendingRevision;
  readonly lastPackets: readonly bigint[];
  /** What the successor has to know beside the pending revision. */
  readonly final?: Pick<FinalMessage, 'meanwhile'>;
  /** A holder has devices and memory. */
  readonly entrusted?: boolean;
  /** The process that waits; for a cold change it is begun here. */
  readonly successor: () => Promise<WaitingSuccessor>;
}

/** @throws HotclickError of the phase that failed; the engine runs here again then, as after a crash */
export async function goOnThere(
  engine: LeavingEngine,
  step: StepTimer,
  { pending, lastPackets, final, entrusted = false, successor }: Stopped,
): Promise<HandedOn> {
  const { revision } = pending.record;
  let begun: WaitingSuccessor | undefined;
  try {
    begun = await successor();
    await begun.process.final({ ...pending.message, ...final });
    step.begin('go', `process ${begun.process.pid}`);
    const { breaks } = await begun.process.go(lastPackets);
    begun.process.release();
    return { revision, breaks, successor: begun.summary };
  } catch (error) {
    await begun?.process.abort();
    step.begin('rollback', 'the engine goes on here');
    const entrustedTo = entrusted ? { entrustedTo: begun?.process.pid ?? 0 } : {};
    await engine.revive({ revision, reason: reasonOf(error), ...entrustedTo });
    throw error;
  }
}
