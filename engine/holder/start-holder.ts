/** A holder process: the one that runs, or a new one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { buildDirectory } from '../datapath/paths.ts';
import { HotclickError } from '../errors.ts';
import { HolderClient } from './holder-client.ts';

/** Seconds for which a holder keeps what a dead engine has left. */
export const usualLinger = 300;

/** A session of its own, so that what ends its engine by the terminal or the process group does not end it. */
async function startHolder(path: string, linger: number): Promise<void> {
  const program = join(buildDirectory, 'hotclick-holder');
  const child = spawn(program, [path, `${linger}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ready = once(child.stdout, 'data').then(() => true);
  const ended = once(child, 'exit').then(() => false);
  const isReady = await Promise.race([ready, ended]);
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  if (isReady) return;
  throw new HotclickError('HC_HOLDER', `no holder can be started: ${said.trim()}`, {
    hint: 'name another socket with --holder PATH',
  });
}

/** The one that runs. @throws HotclickError HC_HOLDER */
export function connectHolder(path: string): HolderClient {
  const running = HolderClient.connect(path);
  if (running) return running;
  throw new HotclickError('HC_HOLDER', `no holder answers on ${path}`);
}

/** The one that runs, or a new one. @throws HotclickError HC_HOLDER */
export async function reachHolder(path: string, linger: number = usualLinger): Promise<HolderClient> {
  const running = HolderClient.connect(path);
  if (running) return running;
  await startHolder(path, linger);
  return connectHolder(path);
}
