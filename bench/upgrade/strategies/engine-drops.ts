/** What an engine has counted as dropped. */
import type { EngineControl } from '../../../engine/engine-types.ts';
import type { DropCounters } from '../attribution.ts';

export async function readEngineDrops(
  engine: Pick<EngineControl, 'stats' | 'read'>,
): Promise<Omit<DropCounters, 'devices'>> {
  const { elements } = await engine.stats();
  const byReason: Record<string, number> = {};
  let rings = 0;
  for (const { element, className, drops, unconnected } of elements) {
    for (const [reason, count] of Object.entries(drops)) byReason[`${element}: ${reason}`] = count;
    byReason[`${element}: not connected`] = unconnected;
    if (className === 'FromDevice') rings += Number(await engine.read(`${element}.kernel_drops`));
  }
  return { elements: byReason, rings };
}
