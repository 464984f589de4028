/** In which order the shards are changed, and for how long each part is watched. */
import { isOfProcesses, type Strategy } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
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

/** @throws HotclickError HC_ARGUMENT when a watch is asked for where there is no graph before to go back to */
export function refuseUnwatchable(request: WatchOptions & { readonly strategy?: Strategy }): void {
  const { strategy } = request;
  if (!isWatched(request) || (strategy !== 'core' && !isOfProcesses(strategy))) return;
  throw new HotclickError('HC_ARGUMENT', `an upgrade by strategy ${strategy} cannot be watched`, {
    hint: 'leave --canary and --watch out, or choose another strategy',
  });
}

/** Whether the revision counts as finished only after it was watched. */
export function isWatched({ canary = 0, watch = 0 }: WatchOptions): boolean {
  return canary > 0 || watch > 0;
}
