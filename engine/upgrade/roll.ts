/** The step of an upgrade in which the shards change over, one after the other. */
import type { ShardBreak } from '../engine-types.ts';
import { failRevision } from './prepare.ts';
import type { StepTimer } from './step-timer.ts';
import { type PreparedChange, recordIfPossible, type UpgradeTools } from './transaction.ts';

/**
 * Fails only with the engine: then the next start ends what the journal has pending. A core that is not taken over goes
 * on, and the revision has failed.
 * @throws HotclickError HC_TRANSFER
 */
export async function rollShards(
  tools: UpgradeTools,
  change: PreparedChange,
  step: StepTimer,
): Promise<ShardBreak[]> {
  const { engine, journal, shards, core } = tools;
  const { prepared, revision, strategy, request } = change;
  if (strategy === 'core' && core) return rollCore(core, tools, change);
  const breaks: ShardBreak[] = [];
  for (let shard = 0; shard < shards; ++shard) {
    if (shard > 0) step.begin('roll', `shard ${shard}`);
    const measured = request.continues
      ? await request.continues.roll(shard, prepared)
      : await engine.roll(shard, prepared, strategy);
    breaks.push({ shard, ...measured });
    await recordIfPossible(() => journal.step(revision, `rolled:${shard}`));
  }
  return breaks;
}

async function rollCore(
  core: NonNullable<UpgradeTools['core']>,
  tools: UpgradeTools,
  change: PreparedChange,
): Promise<ShardBreak[]> {
  try {
    const breaks = await core.roll();
    for (const { shard } of breaks)
      await recordIfPossible(() => tools.journal.step(change.revision, `rolled:${shard}`));
    return breaks;
  } catch (error) {
    await core.abandon();
    await failRevision(tools, change, error);
    throw error;
  }
}
