/** Older versions whose flows have ended leave the graph: at a batch boundary, as everything does. */
import { callNative } from '../datapath/addon.ts';
import { recordsByElement } from '../datapath/record-counts.ts';
import { HotclickError } from '../errors.ts';
import { diffGraphs } from '../graph/diff.ts';
import type { OlderVersion } from './older-versions.ts';
import { graphPlan, type Revision } from './revision.ts';
import { lookInterval, pause, type UpgradeTools } from './transaction.ts';

/** Those that hold no records in any shard: they know no packet any more, so none will come to them. */
export function endedVersions({ engine, shards }: UpgradeTools, running: Revision): OlderVersion[] {
  if (running.older.length === 0) return [];
  const records = recordsByElement(engine, shards);
  return running.older.filter(({ name }) => (records.get(name) ?? 0) === 0);
}

/** Installs the graph without them in all shards; `installing` is told before the first shard has it. */
export async function removeVersions(
  { engine, shards, closing }: UpgradeTools,
  running: Revision,
  ended: readonly OlderVersion[],
  installing: (prepared: number, next: Revision) => void,
): Promise<Revision> {
  const next = { ...running, older: running.older.filter((version) => !ended.includes(version)) };
  const unchanged = diffGraphs(running.graph, running.graph, () => false);
  const prepared = callNative(() => engine.prepare(graphPlan(next, running, unchanged)));
  if (typeof prepared !== 'number') throw new HotclickError('HC_INTERNAL', prepared.message);
  installing(prepared, next);
  for (let shard = 0; shard < shards; ++shard) await engine.roll(shard, prepared, 'swap');
  engine.refreshObservers();
  while (!engine.settle(prepared) && !closing.aborted) await pause(lookInterval);
  return next;
}
