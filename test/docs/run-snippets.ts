import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { packageRoot } from '../../engine/datapath/paths.ts';

// Namespaces of a page's own names, in a network and a mount namespace where nobody else's can be met.
const setUp = `
set -e
if [ -d /run/netns ]; then mount -t tmpfs tmpfs /run/netns; else mount -t tmpfs tmpfs /run && mkdir /run/netns; fi
mount -t sysfs sysfs /sys
ip link set lo up
# A job is the shell around the engine, not the engine.
trap 'set +e; hotclick stop &> /dev/null; kill $(jobs -p) 2> /dev/null' EXIT
`;

export interface Outcome {
  readonly status: number | null;
  readonly said: string;
  readonly complaints: string;
}

/** Runs the shell blocks of a page one after the other, as a reader does. */
export async function runSnippets(snippets: readonly string[]): Promise<Outcome> {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const script = [setUp, ...snippets].join('\n');
  const child = spawn('unshare', [...asRoot, '--net', '--mount', 'bash', '-c', script], { cwd: packageRoot });
  const [said, complaints, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, said, complaints };
}
