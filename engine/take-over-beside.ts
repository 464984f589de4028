/** Taking over from an engine that goes on until this one has its state and sockets of its own. */
import type { ShardBreak } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { restoreSnapshot } from './state/restore-snapshot.ts';
import { StoreSession } from './state/store-session.ts';
import type { RunDesign, StartingEngine } from './take-over.ts';
import { afterItsLastPackets } from './take-over-store.ts';
import { hotclickVersion } from './version.ts';

/** @throws HotclickError */
export async function takeOverBeside(
  { parts, threads, options, predecessor }: StartingEngine,
  run: RunDesign,
): Promise<readonly ShardBreak[]> {
  const { native } = parts;
  const { store: directory } = options;
  if (directory === undefined) throw new HotclickError('HC_SUCCESSION', 'the new process was given no store');
  await restoreSnapshot(directory, native, threads);
  return run(
    afterItsLastPackets(parts, predecessor, async (prepared) => {
      // What comes from here on waits in our own sockets until the predecessor has stopped.
      native.startDevices();
      const { record, meanwhile } = await predecessor.prepared(hotclickVersion());
      if (!meanwhile)
        throw new HotclickError('HC_SUCCESSION', 'the predecessor does not say what it has done');
      const store = await StoreSession.open(directory);
      parts.useStore(store);
      store.renew(native, prepared, meanwhile.written);
      for (const [shard, frames] of meanwhile.lastFrames.entries()) native.passOver(shard, frames);
      return record.revision;
    }),
  );
}
