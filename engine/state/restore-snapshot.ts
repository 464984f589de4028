/** The state of a store that another process goes on writing, for an engine that is to follow that process. */
import { HotclickError } from '../errors.ts';
import { type RestoredEngine, restoreState } from './restore.ts';
import { StateStore } from './store.ts';

/** @throws HotclickError HC_STORE; HC_SUCCESSION when it is spread over another number of shards */
export async function restoreSnapshot(
  directory: string,
  engine: RestoredEngine,
  shards: number,
): Promise<void> {
  const store = await StateStore.open(directory, { readOnly: true });
  try {
    const before = store.revisions().at(-1)?.shards ?? shards;
    if (before !== shards) {
      throw new HotclickError('HC_SUCCESSION', `the state is spread over ${before} shards, not ${shards}`, {
        hint: 'use the strategy restart, which spreads it anew',
      });
    }
    restoreState(store, engine, shards, before);
  } finally {
    await store.environment.close();
  }
}
