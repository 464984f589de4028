/** What a change is put through before it is prepared. Both steps leave the running graph untouched. */
import type { ShadowReport, VerifyReport } from '../engine-types.ts';
import type { Revision } from './revision.ts';
import type { StepTimer } from './step-timer.ts';
import type { PlannedChange } from './transaction.ts';

/** A change of what runs: the first revision of an engine is not checked, there is nothing to protect yet. */
export interface CheckedChange extends PlannedChange {
  readonly running: Revision;
}

export interface UpgradeChecks {
  /** Looks at the new code itself. @throws HotclickError when it must not run here */
  verify(change: CheckedChange, step: StepTimer): Promise<VerifyReport>;
  /** Compares what it does with live packets; undefined when nobody asked. @throws HotclickError when that is not what was expected */
  shadow(change: CheckedChange, step: StepTimer): Promise<ShadowReport | undefined>;
  /** After every transaction, whatever became of it. */
  end(): void;
}

/** Both steps, in order; a dry run ends with the first. What they found goes into the report. */
export async function checkChange(
  checks: UpgradeChecks | undefined,
  change: PlannedChange,
  step: StepTimer,
): Promise<{ verify?: VerifyReport; shadow?: ShadowReport }> {
  const { running } = change;
  if (!checks || !running) return {};
  const checked = { ...change, running };
  const verify = await checks.verify(checked, step);
  const shadow = change.request.dryRun ? undefined : await checks.shadow(checked, step);
  return { verify, ...(shadow ? { shadow } : {}) };
}
