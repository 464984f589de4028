/** Anything at all: a shell command that changes it, and one that makes it forward unless it does so by itself. */
import type { OutsideCommand } from '../options.ts';
import type { UpgradeStrategy } from '../system.ts';
import { OutsideSystem, untouchedDevices } from './outside-system.ts';

export function command({ setup = '', change = '', adapters }: OutsideCommand): UpgradeStrategy {
  return {
    name: 'command',
    summary: 'any command, seen from outside',
    lab: untouchedDevices,
    fromOutside: true,
    usual: { records: [0], shards: [1] },
    changeSeconds: 1,
    missing: async () =>
      change && (setup || adapters) ? undefined : 'it needs --command, and --setup or --adapters',
    start: (given) => OutsideSystem.start(given, { setup, change: () => change, adapters }),
  };
}
