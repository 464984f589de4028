/** The step of an upgrade in which the shards change over, one after the other or all at once. */
import type { ShardBreak } from '../engine-types.ts';
import { throwFault } from './fault.ts';
import { failRevision } from './prepare.ts';
import type { StepTimer } from './step-timer.ts';
import {
  EngineEnded,
  loopLimitOf,
  type PreparedChange,
  recordIfPossible,
  type UpgradeTools,
} from './transaction.ts';

/** @throws CodeFault when new code crashed; EngineEnded: then the next start ends what the journal has pending */
export async function rollShards(
  tools: UpgradeTools,
  change: PreparedChange,
  shards: readonly number[],
  step: StepTimer,
): Promise<ShardBreak[]> {
  const [first = 0] = shards;
  if (change.strategy === 'all-threads') {
    if (first > 0) step.begin('roll', `shards ${shards.join(', ')}`);
    const breaks = await Promise.all(shards.map((shard) => rollShard(tools, change, shard)));
    throwFault(tools);
    return breaks;
  }
  const breaks: ShardBreak[] = [];
  for (const shard of shards) {
    if (shard > 0) step.begin('roll', `shard ${shard}`);
    breaks.push(await rollShard(tools, change, shard));
    throwFault(tools);
  }
  return breaks;
}

/**
 * All shards go over to another core, at one instant. A core that is not taken over goes on, and the revision has failed.
 * @throws HotclickError HC_TRANSFER
 */
export async function rollCore(
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

async function rollShard(
  { engine, journal }: UpgradeTools,
  { prepared, revision, strategy, running, request }: PreparedChange,
  shard: number,
): Promise<ShardBreak> {
  // The first revision has none before it to go back to.
  const loopLimit = running ? loopLimitOf(request) : undefined;
  const native = strategy === 'all-threads' ? 'thread' : strategy;
  const rolling = request.continues
    ? request.continues.roll(shard, prepared)
    : engine.roll(shard, prepared, native, loopLimit);
  const measured = await rolling.catch((cause: unknown) => {
    throw new EngineEnded(cause);
  });
  await recordIfPossible(() => journal.step(revision, `rolled:${shard}`));
  return { shard, ...measured };
}
