/** All strategies that are measured, in the order of the table. Another one is a file here and a line below. */
import type { OutsideCommand } from '../options.ts';
import type { UpgradeStrategy } from '../system.ts';
import { allThreads } from './all-threads.ts';
import { command } from './command.ts';
import { core } from './core.ts';
import { dualMain } from './dual-main.ts';
import { handover } from './handover.ts';
import { nftables } from './nftables.ts';
import { openVswitch } from './open-vswitch.ts';
import { reboot } from './reboot.ts';
import { restart } from './restart.ts';
import { swap } from './swap.ts';
import { thread, threadWithStatics } from './thread.ts';
import { twoProcess } from './two-process.ts';

/** `outside`: what is measured from outside with commands. */
export function upgradeStrategies(outside: OutsideCommand): readonly UpgradeStrategy[] {
  const ofThreads = [swap, thread, ...threadWithStatics, allThreads, core];
  const ofProcesses = [handover, twoProcess, dualMain, restart];
  return [...ofThreads, ...ofProcesses, nftables, openVswitch, reboot(outside), command(outside)];
}
