/**
 * The thread of one shard: a Worker that enters the native loop and stays there. It comes back only to stop, or for a
 * thread restart: then it enters again, with the new graph.
 *
 * JavaScript and not TypeScript, because a Worker is not given the loader that tests run the sources with.
 */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/** As many as it takes until V8 has compiled the loop, on a busy machine too; 5 to 10 ms, while the host prepares. */
const rehearsals = 200_000;

/** @type {import('./shard-threads.ts').ShardTask} */
const { addonFile, engine, shard, cpu } = workerData;
/** @type {import('./addon.ts').Addon} */
const native = createRequire(import.meta.url)(addonFile);
native.prepareThread(shard, cpu);
const enter = native.shardEntry(engine, shard);
parentPort?.postMessage('running');
stay();

/** The way out of the native loop and back is a break: first it is rehearsed, in the very loop that will be left. */
function stay() {
  let left = rehearsals;
  while (enter(left > 0)) --left;
}
