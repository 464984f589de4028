/** In which order the shards are changed, and for how long each part is watched. */
import type { WatchOptions } from '../watch-types.ts';

/** Shards that are changed one after the other, and then watched. */
export interface Stage {
  readonly name: 'canary' | 'all';
  /** To be changed in this stage. */
  readonly shards: readonly number[];
  /** Changed by the end of it. */
  readonly changed: readonly number[];
  /** ms; 0 for no longer than the first batches. */
  readonly watch: number;
}

const usualWatch = 5000;

export function stagesOf({ canary = 0, watch }: WatchOptions, shards: number): Stage[] {
  const all = Array.from({ length: shards }, (_, shard) => shard);
  const ms = watch ?? (canary > 0 ? usualWatch : 0);
  const rest: Stage = { name: 'all', shards: all.slice(canary), changed: all, watch: ms };
  if (canary <= 0) return [rest];
  if (canary >= shards) return [{ ...rest, shards: all }];
  const first = all.slice(0, canary);
  return [{ name: 'canary', shards: first, changed: first, watch: ms }, rest];
}

/** Whether the revision counts as finished only after it was watched. */
export function isWatched({ canary = 0, watch = 0 }: WatchOptions): boolean {
  return canary > 0 || watch > 0;
}
