/** The journal of an engine that took over. */
import { StoreSession } from './state/store-session.ts';
import type { FinalMessage } from './succession/messages.ts';
import type { StartingEngine } from './take-over.ts';
import { MemoryJournal } from './upgrade/memory-journal.ts';

/** Forwarding does not wait for a store: one that cannot be opened is told, and the journal is kept in memory. */
export async function openJournal(
  { parts, options, onStore }: StartingEngine,
  { record, records }: FinalMessage,
): Promise<void> {
  if (options.store !== undefined) {
    try {
      parts.useStore(await StoreSession.open(options.store));
      return;
    } catch (error) {
      onStore(error instanceof Error ? error.message : String(error));
    }
  }
  parts.useJournal(new MemoryJournal(records ?? [record]));
}
