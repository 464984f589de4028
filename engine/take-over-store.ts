/** Taking over from an engine that has stopped: everything comes from its store. */
import type { EngineParts } from './engine-parts.ts';
import type { ShardBreak } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { StoreSession } from './state/store-session.ts';
import type { Predecessor } from './succession/predecessor.ts';
import type { RunDesign, StartingEngine } from './take-over.ts';
import type { ContinuedRevision } from './upgrade/transaction.ts';
import { hotclickVersion } from './version.ts';

/** @throws HotclickError */
export async function takeOverStore(
  { parts, threads, options, predecessor }: StartingEngine,
  run: RunDesign,
): Promise<readonly ShardBreak[]> {
  const { record } = await predecessor.prepared(hotclickVersion());
  if (options.store === undefined)
    throw new HotclickError('HC_SUCCESSION', 'the new process was given no store');
  const store = await StoreSession.open(options.store);
  parts.useStore(store);
  const before = store.journal.current();
  if (before) store.restore(parts.native, threads, before);
  return run(afterItsLastPackets(parts, predecessor, async () => record.revision));
}

/**
 * Rolls when the predecessor says so; the break lasts since that last handled packets. `prepare` does what is still to be
 * done before, and gives the journal's number of the revision.
 */
export function afterItsLastPackets(
  { native }: EngineParts,
  predecessor: Predecessor,
  prepare: (prepared: number) => Promise<number>,
): ContinuedRevision {
  let lastPackets: readonly bigint[] = [];
  return {
    whenPrepared: async (prepared) => {
      const revision = await prepare(prepared);
      lastPackets = (await predecessor.ready()).lastPackets.map(BigInt);
      return revision;
    },
    roll: async (shard, prepared) => {
      await native.roll(shard, prepared, 'swap');
      const last = lastPackets[shard] ?? 0n;
      return { breakNs: Number(process.hrtime.bigint() - last), beginNs: Number(last) };
    },
  };
}
