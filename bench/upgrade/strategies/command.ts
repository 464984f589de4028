/** Anything at all: two shell commands, one that makes it forward and one that changes it. */
import type { OutsideCommand } from '../options.ts';
import type { UpgradeStrategy } from '../system.ts';
import { OutsideSystem, untouchedDevices } from './outside-system.ts';

export function command({ setup, change }: OutsideCommand): UpgradeStrategy {
  return {
    name: 'command',
    summary: 'any command, seen from outside',
    lab: untouchedDevices,
    fromOutside: true,
    usual: { records: [0], shards: [1] },
    changeSeconds: 1,
    missing: async () => (setup && change ? undefined : 'it needs --setup and --command'),
    start: (given) => OutsideSystem.start(given, { setup: setup ?? '', change: () => change ?? '' }),
  };
}
