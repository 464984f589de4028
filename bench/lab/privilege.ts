import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { HotclickError } from '../../engine/errors.ts';

/**
 * What the running program may do:
 * `root`: make network namespaces on this machine; `namespace`: the same, inside a user namespace of its own;
 * `delegated`: nothing, a copy of the program did the work there and ended with `exitStatus`.
 */
export type Privilege =
  | { readonly kind: 'root' }
  | { readonly kind: 'namespace' }
  | { readonly kind: 'delegated'; readonly exitStatus: number };

const marker = 'HOTCLICK_LAB_NAMESPACE';

/** Capabilities a laboratory needs, by their bit (linux/capability.h). */
const needed = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_SYS_ADMIN: 21 };

/**
 * `ip netns` wants to write to /run/netns, and /sys shows the devices of the namespace that mounted it. Both are
 * replaced in the program's own mount namespace; where /run/netns does not exist, all of /run.
 */
const setUp = `
if [ -d /run/netns ]; then mount -t tmpfs tmpfs /run/netns; else mount -t tmpfs tmpfs /run && mkdir /run/netns; fi || exit 125
mount -t sysfs sysfs /sys 2>/dev/null
ip link set lo up
exec "$@"`;

/**
 * Makes sure that network namespaces can be made. With the capabilities it returns at once. Without, it runs the
 * same program again (same Node options, same arguments) in a user, network and mount namespace of its own, waits
 * for it, and returns `delegated`: the caller then ends with that status and does nothing else.
 * Throws `HC_PRIVILEGE` where the kernel does not allow either.
 */
export async function enterUserNamespace(): Promise<Privilege> {
  const missing = missingCapabilities();
  if (missing.length === 0) return { kind: process.env[marker] === undefined ? 'root' : 'namespace' };
  const refusal = userNamespaceRefusal();
  if (process.env[marker] !== undefined || refusal !== undefined) {
    throw new HotclickError(
      'HC_PRIVILEGE',
      `network namespaces cannot be made: ${missing.join(', ')} missing, ` +
        `and an unprivileged user namespace is refused (unshare: ${refusal ?? 'capabilities were taken away'})`,
      {
        hint:
          'run as root, or allow user namespaces: sysctl user.max_user_namespaces, ' +
          'kernel.unprivileged_userns_clone=1 (Debian), kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)',
      },
    );
  }
  return { kind: 'delegated', exitStatus: await runAgain() };
}

/** Names of the needed capabilities this process does not have. */
export function missingCapabilities(status = readFileSync('/proc/self/status', 'utf8')): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return Object.entries(needed)
    .filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n)
    .map(([name]) => name);
}

/** Why no user namespace can be had, or undefined when one can. */
function userNamespaceRefusal(): string | undefined {
  const probe = spawnSync('unshare', ['-Urnm', 'sh', '-c', 'mount -t tmpfs tmpfs /run'], {
    encoding: 'utf8',
  });
  if (probe.status === 0) return undefined;
  return probe.error?.message ?? (probe.stderr.trim() || `exit status ${probe.status}`);
}

async function runAgain(): Promise<number> {
  const program = process.argv[1];
  const args = [
    ...process.execArgv,
    ...(program !== undefined && existsSync(program) ? process.argv.slice(1) : []),
  ];
  const child = spawn('unshare', ['-Urnm', 'sh', '-c', setUp, 'sh', process.execPath, ...args], {
    stdio: 'inherit',
    env: { ...process.env, [marker]: '1' },
  });
  // A terminal sends SIGINT to both; SIGTERM reaches only this process and has to be handed on.
  const ignore = () => {};
  const forward = () => child.kill('SIGTERM');
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) =>
        resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)),
      );
    });
  } finally {
    process.off('SIGINT', ignore);
    process.off('SIGTERM', forward);
  }
}
