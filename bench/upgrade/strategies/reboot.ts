/** A whole machine that is rebooted from inside: a real one by a command, or a virtual one that is made here. */
import type { TableContents } from '../../../engine/state/query.ts';
import { VirtualMachine } from '../../virtual-machine/virtual-machine.ts';
import type { OutsideCommand } from '../options.ts';
import type { Change, Setup, System, UpgradeStrategy } from '../system.ts';
import { lastingFirewall } from './firewall-configuration.ts';
import { FirewallRecords } from './firewall-records.ts';
import { isInstalled } from './is-installed.ts';
import { OutsideSystem, untouchedDevices } from './outside-system.ts';

/** Packets/s that fill the table: the processor of the guest may be an emulated one. */
const fillRate = 2000;

export function reboot({ setup = '', change, adapters }: OutsideCommand): UpgradeStrategy {
  const common = {
    name: 'reboot',
    summary: 'the whole machine',
    fromOutside: true,
    usual: { rates: [10_000], records: [0, 10_000], shards: [1], runs: 3 },
    changeSeconds: 35,
  } as const;
  if (change !== undefined) {
    return {
      ...common,
      lab: untouchedDevices,
      usual: { ...common.usual, records: [0] },
      outageComesLater: true,
      missing: async () => undefined,
      start: (given) => OutsideSystem.start(given, { setup, change: () => change, adapters }),
    };
  }
  return {
    ...common,
    lab: { mode: 'bridge', engineNamespace: true, staticNeighbours: true },
    missing: missingForGuest,
    start: GuestSystem.start,
  };
}

async function missingForGuest(): Promise<string | undefined> {
  const needed = {
    'qemu-system-x86_64': 'qemu-system-x86',
    busybox: 'busybox-static',
    mke2fs: 'e2fsprogs',
    cpio: 'cpio',
  };
  for (const [program, name] of Object.entries(needed)) {
    if (!(await isInstalled(program))) return `${program} is not installed (apt-get install ${name})`;
  }
  return process.arch === 'x64' ? undefined : 'the virtual machine is an x86-64 one';
}

class GuestSystem implements System {
  readonly records: FirewallRecords;
  readonly #machine: VirtualMachine;

  private constructor({ lab }: Setup, machine: VirtualMachine) {
    this.#machine = machine;
    const engine = {
      read: async (path: string) => (await machine.hotclick('read', path)).trim(),
      stateGet: async (table: string, { filter = '' }: { filter?: string } = {}) => {
        const limit = ['--limit', '1000000', '--json'];
        const text = await machine.hotclick('state', 'get', table, '--filter', filter, ...limit);
        return JSON.parse(text) as TableContents;
      },
    };
    this.records = new FirewallRecords(lab, () => engine, fillRate);
  }

  static async start(setup: Setup): Promise<GuestSystem> {
    const configuration = (await lastingFirewall())
      .replace('$CLIENT_DEV hc-c', '$CLIENT_DEV eth0')
      .replace('$SERVER_DEV hc-s', '$SERVER_DEV eth1');
    const options = ['--threads', `${setup.shards}`];
    const machine = await VirtualMachine.start(setup.lab, { configuration, options });
    setup.say(`${machine.kernel} boots under ${machine.accelerator}`);
    return new GuestSystem(setup, machine);
  }

  async change(): Promise<Change> {
    await this.#machine.reboot();
    return { breaks: [], timings: {} };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#machine[Symbol.asyncDispose]();
  }
}
