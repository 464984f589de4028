import { runCommand } from './command.ts';
import { makerOf } from './lab-names.ts';

/**
 * Removes namespaces and devices of laboratories whose process no longer lives, and ends what still runs in them.
 * Returns the names it removed. What a living process made is left alone, also when the number was reused.
 */
export async function sweep(): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namedNamespaces()) {
    if (!isLeftover(name)) continue;
    await removeNamespace(name);
    removed.push(name);
  }
  for (const name of await deviceNames()) {
    if (!isLeftover(name)) continue;
    await removeDevice(name);
    removed.push(name);
  }
  return removed;
}

/** Ends every process in the namespace and removes it. It is no error when it does not exist. */
export async function removeNamespace(name: string): Promise<void> {
  if (!(await namedNamespaces()).includes(name)) return;
  const { stdout } = await runCommand(['ip', 'netns', 'pids', name]);
  for (const pid of stdout.split('\n').filter((line) => line !== '')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
  await runCommand(['ip', 'netns', 'delete', name]).catch(async (error: unknown) => {
    if ((await namedNamespaces()).includes(name)) throw error;
  });
}

/** Removes a device and with it its peer. It is no error when it does not exist. */
export async function removeDevice(name: string): Promise<void> {
  if (!(await deviceNames()).includes(name)) return;
  await runCommand(['ip', 'link', 'delete', name]).catch(async (error: unknown) => {
    if ((await deviceNames()).includes(name)) throw error;
  });
}

function isLeftover(name: string): boolean {
  const maker = makerOf(name);
  return maker !== undefined && !isAlive(maker);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function namedNamespaces(): Promise<string[]> {
  const { stdout } = await runCommand(['ip', 'netns', 'list']);
  return stdout.split('\n').flatMap((line) => /^\S+/.exec(line)?.[0] ?? []);
}

async function deviceNames(): Promise<string[]> {
  const { stdout } = await runCommand(['ip', '-o', 'link', 'show']);
  return stdout.split('\n').flatMap((line) => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []);
}
