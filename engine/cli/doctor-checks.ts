/** What an engine needs of a machine, looked at one by one. */

import { execFile } from 'node:child_process';
import { access, readFile, statfs } from 'node:fs/promises';
import { availableParallelism, release } from 'node:os';
import { promisify } from 'node:util';
import { messageOf } from '../control/protocol.ts';
import type { CliContext } from './context.ts';
import { bytes, countOf } from './units.ts';

export type Verdict = 'ok' | 'warning' | 'failed';

export interface CheckResult {
  readonly check: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
}

type Check = (cli: CliContext, directory: string) => Promise<CheckResult>;

/** Bits of the capabilities that packet sockets and device settings need, linux/capability.h. */
const capabilities = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 };

/** Below this a store soon has no room; below the second it cannot be opened. */
const comfortableSpace = 1024 ** 3;
const leastSpace = 16 * 1024 ** 2;

/** `directory`: where a store would be. Only a check that fails outright makes the machine unfit. */
export function examine(cli: CliContext, directory: string): Promise<CheckResult[]> {
  return Promise.all(checks.map((check) => check(cli, directory)));
}

const checks: readonly Check[] = [
  async function node() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const enough = major > 20 || (major === 20 && minor >= 19);
    return result(
      'node',
      enough ? 'ok' : 'failed',
      `${process.version} ${process.arch}`,
      'install Node 20.19 or later',
    );
  },
  async function kernel() {
    const isLinux = process.platform === 'linux';
    const found = `${process.platform} ${release()}, ${countOf(availableParallelism(), 'processor')}`;
    return result('kernel', isLinux ? 'ok' : 'failed', found, 'hotclick runs on Linux');
  },
  async function addon(cli) {
    try {
      const classes = await cli.builtinClasses();
      const found = `loads, ${countOf(classes.length, 'element class', 'element classes')}`;
      return result('addon', classes.length > 0 ? 'ok' : 'failed', found, 'build it again: npm run build');
    } catch (error) {
      return result('addon', 'failed', messageOf(error), 'build it again: npm run build');
    }
  },
  async function store() {
    try {
      await import('lmdb');
      return result('lmdb', 'ok', 'loads');
    } catch (error) {
      return result('lmdb', 'failed', messageOf(error), 'install the dependencies again: npm ci');
    }
  },
  async function compiler({ env }) {
    const program = env.CXX || 'g++';
    const version = await firstLine(program, '--version');
    return version === undefined
      ? result(
          'compiler',
          'warning',
          `${program} does not run`,
          'upgrades from source need it: install g++, or set CXX',
        )
      : result('compiler', 'ok', version);
  },
  async function privileges() {
    const status = await readText('/proc/self/status');
    const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
    const missing = Object.entries(capabilities)
      .filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
      .map(([name]) => name);
    const found =
      missing.length === 0 ? Object.keys(capabilities).join(', ') : `missing: ${missing.join(', ')}`;
    const hint = 'devices need them: run as root, or setcap cap_net_raw,cap_net_admin+ep on node';
    return result('privileges', missing.length === 0 ? 'ok' : 'warning', found, hint);
  },
  async function packetSockets() {
    const exists = await isThere('/proc/net/packet');
    const hint = 'load the kernel module af_packet';
    return result(
      'AF_PACKET',
      exists ? 'ok' : 'warning',
      exists ? 'in the kernel' : 'not in the kernel',
      hint,
    );
  },
  async function tunnels() {
    const exists = await isThere('/dev/net/tun');
    return result(
      'TUN/TAP',
      exists ? 'ok' : 'warning',
      exists ? '/dev/net/tun' : 'no /dev/net/tun',
      'modprobe tun',
    );
  },
  async function hugePages() {
    const memory = await readText('/proc/meminfo');
    const [total, free] = ['Total', 'Free'].map((word) =>
      new RegExp(`^HugePages_${word}:\\s*(\\d+)`, 'm').exec(memory),
    );
    const count = Number(free?.[1] ?? 0);
    const found = `${count} of ${total?.[1] ?? 0} free`;
    return result('huge pages', count > 0 ? 'ok' : 'warning', found, 'optional: sysctl vm.nr_hugepages=64');
  },
  async function clockSource() {
    const file = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
    const source = (await readText(file)).trim() || 'unknown';
    // These are read without a system call.
    const isFast = ['tsc', 'kvm-clock', 'arch_sys_counter', 'hyperv_clocksource_tsc_page'].includes(source);
    const hint = 'reading the clock may cost a system call: see what available_clocksource beside it offers';
    return result('clock source', isFast ? 'ok' : 'warning', source, hint);
  },
  async function diskSpace(_cli, directory) {
    try {
      const { bavail, bsize } = await statfs(directory);
      const free = bavail * bsize;
      const verdict = free >= comfortableSpace ? 'ok' : free >= leastSpace ? 'warning' : 'failed';
      return result(
        'disk',
        verdict,
        `${bytes(free)} free in ${directory}`,
        'make room, or name another place with --store',
      );
    } catch (error) {
      return result('disk', 'failed', messageOf(error), 'name a directory that exists with --store');
    }
  },
];

function result(check: string, verdict: Verdict, found: string, hint?: string): CheckResult {
  return { check, verdict, found, ...(verdict === 'ok' || hint === undefined ? {} : { hint }) };
}

async function firstLine(program: string, argument: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, [argument]);
    return stdout.split('\n', 1)[0];
  } catch {
    return undefined;
  }
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
