/**
 * How long the threads of the shards had a CPU, as the kernel accounts for it: on a machine that other programs use
 * as well, that is not all of the time.
 */
import { readdirSync, readFileSync } from 'node:fs';

const tasks = '/proc/self/task';

/** Thread numbers of this process's shards; see nameShard in engine/datapath/shard-worker.js. */
export function shardThreadIds(): string[] {
  return readdirSync(tasks).filter((id) =>
    readFileSync(`${tasks}/${id}/comm`, 'utf8').startsWith('hc-shard-'),
  );
}

/** ns for which these threads have run, all together. The kernel brings it up to date every few milliseconds. */
export function runningTime(threadIds: readonly string[]): number {
  let sum = 0;
  for (const id of threadIds) {
    const [running = '0'] = readFileSync(`${tasks}/${id}/schedstat`, 'utf8').split(' ');
    sum += Number(running);
  }
  return sum;
}
