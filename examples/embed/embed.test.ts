import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

t.setTimeout(120_000);

/** Runs an example as a user does: with `hotclick` as it is built in dist/. */
function run(file: string): string {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  t.equal(status, 0, stderr);
  return stdout;
}

t.test('the short example counts packets', async (t) => {
  t.match(run('count.ts'), /^\d{3,} packets\n$/);
});

t.test('the long example upgrades, is refused, traces and rolls back', async (t) => {
  const said = run('main.ts');
  t.match(said, /^10\.0\.0\.1 is known\n/);
  t.match(said, /\nrevision 2 runs; longest break [\d.]+ µs\n/);
  t.match(said, /\nrefused: HC_CONFIGURE_FAILED\nHC_CONFIGURE_FAILED: wrong\.click:3:\d+: .*TIMEOUT/);
  t.match(said, /\ntrace: meter 2\.0\.0 hop Discard@3\n/);
  t.match(said, /history: 3 rollback HostMeter 1\.0\.0\n$/);
});
