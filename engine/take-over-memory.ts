/** Taking over the memory and the open devices of an engine that runs: its shards stop when ours wait. */
import type { NativeBreak } from './datapath/addon.ts';
import type { ShardBreak } from './engine-types.ts';
import type { RunDesign, StartingEngine } from './take-over.ts';
import { openJournal } from './take-over-journal.ts';
import { hotclickVersion } from './version.ts';

/** @throws HotclickError */
export function takeOverMemory(starting: StartingEngine, run: RunDesign): Promise<readonly ShardBreak[]> {
  const { native } = starting.parts;
  const { predecessor, threads } = starting;
  let breaks: readonly NativeBreak[] = [];
  return run({
    whenPrepared: async (prepared) => {
      const final = await predecessor.prepared(hotclickVersion());
      const taking = Promise.all(
        Array.from({ length: threads }, (_, shard) => native.takeOver(shard, prepared)),
      );
      // The memory says whose the packets are, and no message: the predecessor may be killed at any time.
      const going = predecessor.ready().catch(() => native.stopWaiting());
      breaks = await taking;
      await going;
      await openJournal(starting, final);
      return final.record.revision;
    },
    roll: async (shard) => breaks[shard] ?? { breakNs: 0 },
  });
}
