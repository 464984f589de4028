/** kill -9 in each step of the upgrade transaction, and before and after each write of its journal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { RevisionSummary } from '../../engine/engine-types.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { elementSource } from '../upgrade/traffic.ts';

/** Where it is killed, and whether the new version runs after the next start. */
const points: readonly (readonly [point: string, finished: boolean])[] = [
  ['step plan from revision', false],
  ['step watch measuring how it was before', false],
  ['before begin', false],
  ['after begin', false],
  ['after prepared', false],
  ['step roll shard 0', false],
  ['before rolled:0', false],
  ['after rolled:0', false],
  ['step canary shards 0 for 0.2 s', false],
  ['before watched:canary', false],
  ['after watched:canary', false],
  ['step roll shard 1', false],
  ['after rolled:1', false],
  ['step watch shards 0, 1 for 0.2 s', false],
  ['before watched', false],
  ['after watched', true],
  ['step commit revision', true],
  ['before commit', true],
  ['after commit', true],
];
/** The same, while a version that crashes is undone. */
const undoing = ['step rollback to revision', 'before undoing', 'after undoing', 'before undo', 'after undo'];

interface Found {
  readonly version: string;
  readonly packets: number;
  readonly history: readonly RevisionSummary[];
}

const program = fileURLToPath(new URL('./kill-program.ts', import.meta.url));

t.setTimeout(300_000);
t.test('every start finishes or undoes, and no count is lost', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hotclick-kill-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const [store, libraries] = [join(directory, 'store'), join(directory, 'libraries')];
  mkdirSync(libraries);
  copyFileSync(await buildElement(elementSource('Totals1')), join(libraries, 'Totals.so'));
  copyFileSync(await buildElement(elementSource('Totals2')), join(libraries, 'Totals2.so'));
  const crashing = join(directory, 'crash.cc');
  writeFileSync(
    crashing,
    readFileSync(elementSource('Totals2'), 'utf8')
      .replace('"totals.hpp"', `"${elementSource('totals').replace('.cc', '.hpp')}"`)
      .replace(
        'void action(Batch& batch) {',
        'void action(Batch& batch) { if (batch.count) __builtin_trap();',
      ),
  );
  copyFileSync(await buildElement(crashing), join(libraries, 'Totals-crash.so'));

  const plan = [
    ...points.map(([point, finished]) => ({ point, finished, ending: '' })),
    ...undoing.map((point) => ({ point, finished: false, ending: 'crash' })),
    { point: '', finished: false, ending: '' },
  ];
  let before: { point: string; finished: boolean; synced: number } | undefined;
  for (const { point, finished, ending } of plan) {
    const { found, said } = await runUntilKilled([store, libraries, point, ending]);
    if (before) {
      const { point: was } = before;
      t.equal(found.version, before.finished ? '2.0.0' : '1.0.0', `killed ${was}: the version that goes on`);
      t.ok(
        found.packets >= before.synced,
        `killed ${was}: ${found.packets} counted, ${before.synced} synced`,
      );
      t.notOk(
        found.history.some(({ status }) => status === 'pending'),
        `killed ${was}: nothing is pending`,
      );
      const running = found.history.find(({ current }) => current);
      t.equal(running?.versions.Totals, found.version, `killed ${was}: the journal says what runs`);
    }
    t.same(
      said.filter((line) => 'survived' in line),
      [],
      `${point}: it was reached`,
    );
    before = { point, finished, synced: Number(said.find((line) => 'synced' in line)?.synced ?? 0) };
  }
});

async function runUntilKilled(
  args: readonly string[],
): Promise<{ found: Found; said: Record<string, unknown>[] }> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const [found, ...said] = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { found: found as unknown as Found, said };
}
