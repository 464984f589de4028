/** The journal of an engine that took over. */
import { setTimeout as delay } from 'node:timers/promises';
import { storeFailure } from './state/store-error.ts';
import { StoreSession } from './state/store-session.ts';
import type { FinalMessage } from './succession/messages.ts';
import type { StartingEngine } from './take-over.ts';
import { MemoryJournal } from './upgrade/memory-journal.ts';

/** ms that a predecessor which was killed may take until it is gone. */
const patience = 5000;

/** Forwarding does not wait for a store: one that cannot be opened is told, and the journal is kept in memory. */
export async function openJournal(
  { parts, options, onStore }: StartingEngine,
  { record, records }: FinalMessage,
): Promise<void> {
  if (options.store !== undefined) {
    try {
      parts.useStore(await openSoon(options.store));
      return;
    } catch (error) {
      onStore(error instanceof Error ? error.message : String(error));
    }
  }
  parts.useJournal(new MemoryJournal(records ?? [record]));
}

async function openSoon(directory: string): Promise<StoreSession> {
  const end = Date.now() + patience;
  for (;;) {
    try {
      return await StoreSession.open(directory);
    } catch (error) {
      if (storeFailure(error) !== 'held' || Date.now() > end) throw error;
      await delay(10);
    }
  }
}
