/**
 * `npm start`: a firewall is upgraded, rolled back, given bad versions and killed, while 50 TCP connections and a UDP
 * stream of 50,000 packets/s go through it. Ends with status 1 when an upgrade lost a packet or a connection.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterUserNamespace } from '../../bench/lab/privilege.ts';
import { HotclickError } from '../../engine/errors.ts';
import { Demonstration } from './demonstration.ts';
import { printFailure, say } from './progress.ts';
import { resultTable } from './result-table.ts';

async function main(): Promise<number> {
  const privilege = await enterUserNamespace();
  if (privilege.kind === 'delegated') return privilege.exitStatus;
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-demo-'));
  try {
    await using demonstration = await Demonstration.create(directory, say);
    const rows = await demonstration.run();
    process.stdout.write(`\n${resultTable(rows)}\n`);
    const bad = rows.filter(({ counts, clean }) => counts && !clean);
    say(
      bad.length === 0 ? 'every upgrade was clean' : `NOT clean: ${bad.map(({ step }) => step).join(', ')}`,
    );
    return bad.length === 0 ? 0 : 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof HotclickError)) throw error;
  printFailure(error);
  process.exitCode = error.exitCode;
}
