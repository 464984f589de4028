/** The way back of an upgrade whose shards have changed: each runs its graph of before, with the state as it is now. */
import { HotclickError } from '../errors.ts';
import type { FaultReport } from '../watch-types.ts';
import { faultError, faultReport } from './fault.ts';
import type { StepTimer } from './step-timer.ts';
import {
  lookInterval,
  loopLimitOf,
  type PreparedChange,
  pause,
  recordIfPossible,
  type UpgradeTools,
} from './transaction.ts';

/** Why is what ended the change; what the upgrade then rejects with tells of faults what shards have told. */
export async function takeChangeBack(
  tools: UpgradeTools,
  change: PreparedChange,
  why: unknown,
  step: StepTimer,
): Promise<unknown> {
  const { engine, journal, shards, faults, closing } = tools;
  const { prepared, revision, running, request } = change;
  const again = running?.number ?? 0;
  step.passPointOfNoReturn();
  step.begin('rollback', `to revision ${again}`);
  // From here on a killed engine undoes it, however far the shards had got.
  await recordIfPossible(() => journal.step(revision, 'undoing'));
  for (let shard = 0; shard < shards; ++shard) await engine.takeBack(shard);
  const reports: FaultReport[] = [];
  for (const fault of faults.all) reports.push(faultReport(fault, await engine.reclaim(fault.shard)));
  engine.refreshObservers();
  while (!engine.abandon(prepared) && !closing.aborted) await pause(lookInterval);
  const [fault] = reports;
  const error = fault === undefined ? why : faultError(fault, loopLimitOf(request), again);
  const reason = error instanceof Error ? error.message : String(error);
  const details = error instanceof HotclickError ? error.details : {};
  await recordIfPossible(() => journal.undo(revision, reason, { ...details, faults: reports }));
  return error;
}
