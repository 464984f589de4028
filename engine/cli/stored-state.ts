/** The state in a store directory, without an engine. */

import type { EngineControl } from '../engine-types.ts';

/** What can be asked about state, of an engine or of a store. */
export type StateSource = Pick<EngineControl, 'stateList' | 'stateGet' | 'stateHistory' | 'stateDiff'>;

/** Opens the store for reading only, also beside the engine that writes it. */
export async function withStore<T>(directory: string, ask: (source: StateSource) => Promise<T>): Promise<T> {
  const [{ StateStore }, { getTable, listStates }, { diffRevisions, listRevisions }, { RevisionJournal }] =
    await Promise.all([
      import('../state/store.ts'),
      import('../state/query.ts'),
      import('../state/history-query.ts'),
      import('../state/journal.ts'),
    ]);
  const store = await StateStore.open(directory, { readOnly: true });
  try {
    return await ask({
      stateList: async () => listStates(store),
      stateGet: async (table, options) => getTable(store, table, options),
      stateHistory: async () => listRevisions(store, new RevisionJournal(store).list()),
      stateDiff: async (from, to) => diffRevisions(store, from, to),
    });
  } finally {
    await store.close();
  }
}
