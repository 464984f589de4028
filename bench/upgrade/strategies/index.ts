/** All strategies that are measured, in the order of the table. Another one is a file here and a line below. */

import type { UpgradeStrategy } from '../system.ts';
import { allThreads } from './all-threads.ts';
import { core } from './core.ts';
import { restart } from './restart.ts';
import { swap } from './swap.ts';
import { thread } from './thread.ts';

export function upgradeStrategies(): readonly UpgradeStrategy[] {
  return [swap, thread, allThreads, core, restart];
}
