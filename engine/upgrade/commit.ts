/** The last step of an upgrade: what was replaced is let go of, and the journal has the revision as the one that runs. */
import type { ShardBreak } from '../engine-types.ts';
import type { StepTimer } from './step-timer.ts';
import {
  lookInterval,
  type PreparedChange,
  pause,
  type RevisionReport,
  recordIfPossible,
  type UpgradeTools,
} from './transaction.ts';

export async function commitChange(
  { engine, journal, closing }: UpgradeTools,
  { request, prepared, revision }: PreparedChange,
  breaks: readonly ShardBreak[],
  step: StepTimer,
): Promise<void> {
  step.begin('commit', `revision ${revision}`);
  engine.refreshObservers();
  // An engine that stops does not wait for removed elements to drain.
  while (!engine.settle(prepared) && !closing.aborted) await pause(lookInterval);
  const report: RevisionReport = {
    breaks,
    timings: step.report().timings,
    ...(request.restores === undefined ? {} : { restores: request.restores }),
  };
  await recordIfPossible(() => journal.commit(revision, report));
}
