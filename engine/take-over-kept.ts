/** Taking over from an engine that has stopped and left devices and memory to a holder. */
import type { ShardBreak } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import type { RunDesign, StartingEngine } from './take-over.ts';
import { openJournal } from './take-over-journal.ts';
import { afterItsLastPackets } from './take-over-store.ts';

/** @throws HotclickError */
export async function takeOverKept(starting: StartingEngine, run: RunDesign): Promise<readonly ShardBreak[]> {
  const { parts, predecessor, final } = starting;
  if (!final) throw new HotclickError('HC_INTERNAL', 'the predecessor has not stopped');
  if (!parts.store) await openJournal(starting, final);
  const { revision } = final.record;
  return run(afterItsLastPackets(parts, predecessor, async () => revision));
}
