/** What the tests of this folder share: an engine in this process that another process could succeed. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { Engine, HostProcess } from '../../engine/index.ts';
import type { Patience } from '../../engine/succession/successor.ts';

/** 40 flows through a table, again and again. */
export const flows = 40;
const configuration = `
  FastUDPFlows(0, -1, 64, 02:00:00:00:00:02, 10.0.0.2, 02:00:00:00:00:01, 198.51.100.2, ${flows}, 1000000000)
  -> RatedUnqueue(20000)
  -> rw :: IPRewriter(pattern 203.0.113.1 1024-65535 - - 0 1, UDP_TIMEOUT 3600)
  -> c :: Counter -> Discard;
  rw [1] -> Discard;
`;

export async function startHere(
  t: Test,
  patience?: Patience,
): Promise<{ engine: Engine; directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-succession-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const host = await HostProcess.open({}, patience ? { patience } : {});
  const engine = await Engine.start({ configuration, store: join(directory, 'store'), host });
  t.teardown(() => engine.stop());
  return { engine, directory };
}

/** A program in the place of Node.js that runs faulty-successor.ts. */
export async function faultyNode(directory: string, phase: string, fault: string): Promise<string> {
  const file = join(directory, `node-${phase}-${fault}`);
  const script = fileURLToPath(new URL('./faulty-successor.ts', import.meta.url));
  const tsx = import.meta.resolve('tsx');
  await writeFile(
    file,
    `#!/bin/sh\nexec '${process.execPath}' --import '${tsx}' '${script}' ${phase} ${fault}\n`,
  );
  await chmod(file, 0o700);
  return file;
}
