/** The step of an upgrade in which the shards change over, one after the other. */
import type { ShardBreak } from '../engine-types.ts';
import type { StepTimer } from './step-timer.ts';
import { type PreparedChange, recordIfPossible, type UpgradeTools } from './transaction.ts';

/** Fails only with the engine: then the next start ends what the journal has pending. */
export async function rollShards(
  { engine, journal, shards }: UpgradeTools,
  { prepared, revision, strategy, request: { continues } }: PreparedChange,
  step: StepTimer,
): Promise<ShardBreak[]> {
  const breaks: ShardBreak[] = [];
  for (let shard = 0; shard < shards; ++shard) {
    if (shard > 0) step.begin('roll', `shard ${shard}`);
    const measured = await engine.roll(shard, prepared, strategy);
    breaks.push({ shard, ...(continues?.breakOf(shard) ?? measured) });
    await recordIfPossible(() => journal.step(revision, `rolled:${shard}`));
  }
  return breaks;
}
