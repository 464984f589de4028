/**
 * The thread of one shard: a Worker that enters the native loop and stays there. It comes back only to stop, or for a
 * thread restart: then JavaScript installs the new graph and the shard enters again.
 *
 * JavaScript and not TypeScript, because a Worker is not given the loader that tests run the sources with.
 */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {import('./shard-threads.ts').ShardTask} */
const { addonFile, engine, shard, cpu } = workerData;
/** @type {import('./addon.ts').Addon} */
const native = createRequire(import.meta.url)(addonFile);
native.prepareThread(shard, cpu);
// Nothing to install yet: the call only warms the way that a thread restart will take.
for (let i = 0; i < 100; ++i) native.installRestarted(engine, shard);
parentPort?.postMessage('running');
while (native.runShard(engine, shard) === 'restart') native.installRestarted(engine, shard);
