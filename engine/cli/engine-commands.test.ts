/** Commands that ask an engine, here one for tests behind a real control socket. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import { ControlServer } from '../control/server.ts';
import {
  engineStats,
  revisions,
  stateAnswers,
  traceEvents,
  upgradeReport,
} from '../control/testing/answers.ts';
import { FakeEngine } from '../control/testing/fake-engine.ts';
import { runCli, startCli } from './testing/run-cli.ts';

// Programs start slowly where many run at a time.
t.setTimeout(180_000);

async function setUp(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-cli-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const control = join(directory, 'control.sock');
  const engine = new FakeEngine();
  const server = await ControlServer.listen(engine, control);
  t.teardown(() => server.close());
  const ask = (...args: string[]) => runCli(args, { env: { HOTCLICK_CONTROL: control } });
  const askJson = async (...args: string[]) => JSON.parse((await ask(...args, '--json')).stdout) as unknown;
  return { directory, control, engine, server, ask, askJson };
}

t.test('read and write', async (t) => {
  const { ask, askJson, engine, control } = await setUp(t);
  t.match(await ask('read', 'c.count'), { status: 0, stdout: '1234\n', stderr: '' });
  t.match(await runCli(['read', 'c.count', '--control', control]), { stdout: '1234\n' });
  t.same(await askJson('read', 'c.count'), { path: 'c.count', value: '1234' });
  t.same(await askJson('read', 'c.count', '10.0.0.1', 'x'), {
    path: 'c.count',
    parameter: '10.0.0.1 x',
    value: '1234',
  });
  t.match(await ask('write', 'c.reset'), { status: 0, stdout: '' });
  await ask('write', 'src.limit', '10', 'packets');
  t.same(await askJson('write', 's.active', 'false'), { path: 's.active', value: 'false' });
  t.same(engine.calls.slice(4), [
    ['write', 'c.reset', ''],
    ['write', 'src.limit', '10 packets'],
    ['write', 's.active', 'false'],
  ]);
});

t.test('errors of the engine: message, hint and exit status', async (t) => {
  const { ask } = await setUp(t);
  t.same(await ask('read', 'nobody.count'), {
    status: 3,
    stdout: '',
    stderr: "hotclick: no element is called 'nobody'\nhint: list its elements with `hotclick read list`\n",
  });
  const { status, stderr } = await ask('read', 'nobody.count', '--json');
  t.equal(status, 3);
  t.match(JSON.parse(stderr), { code: 'HC_NO_SUCH_ELEMENT', details: { path: 'nobody.count' } });
});

t.test('upgrade shows its steps, then what was done', async (t) => {
  const { ask, askJson, engine } = await setUp(t);
  const { status, stdout, stderr } = await ask(
    'upgrade',
    'Counter=c.cc',
    'Queue=q.so',
    '--strategy',
    'thread',
  );
  t.equal(status, 0);
  t.match(stderr, /^plan +1 element\nbuild +Counter 1\.1\.0\n$/);
  t.match(stdout, /^revision 2 runs, after revision 1, by strategy thread$/m);
  t.match(stdout, /^adopt +c +Counter +1\.0\.0 → 1\.1\.0 +library +counts: converted, 64 B$/m);
  t.match(stdout, /^1 element untouched$/m);
  t.match(stdout, /^ +0 +2\.1\d?$/m);
  t.match(stdout, /^ +1 +3\.4$/m);
  t.match(stdout, /build 181 ms, verify 4\.5 ms/);
  t.same(engine.calls, [
    [
      'upgrade',
      { Counter: join(process.cwd(), 'c.cc'), Queue: join(process.cwd(), 'q.so') },
      { strategy: 'thread' },
    ],
  ]);
  t.same(await askJson('upgrade', 'Counter=c.cc'), upgradeReport);
  t.match(
    (await ask('upgrade', 'Counter=c.cc', '--dry-run')).stdout,
    /^plan by strategy swap; nothing was changed/,
  );
  t.match(await ask('upgrade', 'Broken=b.cc'), {
    status: 3,
    stderr: /Broken\.cc:3:1[\s\S]*\nhint: correct the source/,
  });
});

t.test('apply sends the text of a file, rollback the revision', async (t) => {
  const { ask, engine, directory } = await setUp(t);
  const file = join(directory, 'new.click');
  await writeFile(file, 'Idle -> Discard;');
  t.match(await ask('apply', file, '--define', 'A=1', '--define', 'B=x=y', '--dry-run'), { status: 0 });
  t.match(await ask('rollback'), { status: 0 });
  t.match(await ask('rollback', '--to', '1', '--strategy', 'swap', '--statics', 'symbols'), { status: 0 });
  for (const command of [['apply', file], ['rollback'], ['upgrade', 'Counter=/c.cc']]) {
    t.match(await ask(...command, '--new-flows-only'), { status: 0 });
  }
  t.same(engine.calls, [
    ['apply', 'Idle -> Discard;', { dryRun: true, file, defines: { A: '1', B: 'x=y' } }],
    ['rollback', {}],
    ['rollback', { strategy: 'swap', statics: 'symbols', revision: 1 }],
    ['apply', 'Idle -> Discard;', { newFlowsOnly: true, file, defines: {} }],
    ['rollback', { newFlowsOnly: true }],
    ['upgrade', { Counter: '/c.cc' }, { newFlowsOnly: true }],
  ]);
});

t.test('history marks the running revision', async (t) => {
  const { ask, askJson } = await setUp(t);
  const { stdout } = await ask('history');
  t.match(stdout, /^ +1 +0 +2026-11-20T10:00:00\.000Z +start +committed +swap +- +- +-$/m);
  t.match(stdout, /^\* +2 +1 .* upgrade +committed +swap +2\.1\d? +c~1 1\.0\.0, 3 records +-$/m);
  t.same(await askJson('history'), { revisions });
});

t.test('state', async (t) => {
  const { ask, askJson, engine } = await setUp(t);
  t.match(
    (await ask('state', 'ls')).stdout,
    /^fw\/connections +table +Firewall 1\.0\.0 +1 +0,1 +2 +128 B +0$/m,
  );
  const { stdout } = await ask('state', 'get', 'fw', '--filter', 'packets>3', '--limit', '1');
  t.match(
    stdout,
    /^shard +source +packets +expires\n +0 +10\.0\.0\.1 +12 +2026-11-20T10:10:00\.000Z\n1 of 2 records/,
  );
  t.same(engine.calls, [['stateGet', 'fw', { filter: 'packets>3', limit: 1 }]]);
  t.match((await ask('state', 'history')).stdout, /^ +1 +- +start +committed/m);
  const diff = await ask('state', 'diff', '1', '2');
  t.match(
    diff.stdout,
    /^revision 1 → 2: 1 added, 0 removed, 1 changed\n[\s\S]*~ +fw\/connections +0 +source=10\.0\.0\.1 +packets: 12 → 14\n1 change more/,
  );
  t.same(await askJson('state', 'ls'), { states: stateAnswers.list });
  t.same(await askJson('state', 'get', 'fw'), stateAnswers.get);
  t.same(await askJson('state', 'history'), { revisions: stateAnswers.history });
  t.same(await askJson('state', 'diff', '1', '2'), stateAnswers.diff);
});

t.test('top shows shards, elements and drops once', async (t) => {
  const { ask, askJson } = await setUp(t);
  const { stdout } = await ask('top', '--once');
  t.match(
    stdout,
    /^revision 2, up 1 min 1 s, 32000 of 32768 packets free, last sync 1\.5 ms for 3 pages \(4\.0 KiB\)$/m,
  );
  t.match(stdout, /^ +0 +25\.0 +1000 +3 +awake +element gone 2$/m);
  t.match(stdout, /^q +Queue 1\.0\.0 +7 +5 +0 +12 +0 +full 12$/m);
  t.same(await askJson('top', '--once'), engineStats);
});

t.test('trace prints a line for each step', async (t) => {
  const { ask, engine } = await setUp(t);
  const { stdout } = await ask('trace', 'tcp', '--limit', '1');
  t.match(stdout, /shard 0 {2}packet 1 {2}c \(1\.1\.0\) \[0\] -> \[0\] q {2}60 bytes {2}450000\n/);
  t.match(stdout, /q \(1\.0\.0\) \[0\] dropped: full/);
  t.same(engine.calls, [['trace', 'tcp', 1]]);
  const lines = (await ask('trace', 'tcp', '--json')).stdout.trim().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line)),
    traceEvents,
  );
});

t.test('tap tells what was written', async (t) => {
  const { ask, engine } = await setUp(t);
  t.match(await ask('tap', 'c[0]', '-w', 'x.pcapng', '--limit', '7', '--snaplen', '96'), {
    status: 0,
    stdout: `7 packets written to ${join(process.cwd(), 'x.pcapng')}, 0 lost\n`,
  });
  t.same(engine.calls, [['tap', 'c[0]', join(process.cwd(), 'x.pcapng'), { snaplen: 96, limit: 7 }]]);
});

t.test('flatten and elements can ask the engine', async (t) => {
  const { ask, control } = await setUp(t);
  t.match(await ask('flatten'), { status: 0, stdout: 'c :: Counter;\n' });
  t.match(await ask('elements', '--running'), { status: 0, stdout: /^Counter/m });
  t.match(await runCli(['elements', 'Counter', '--control', control]), {
    status: 0,
    stdout: /^Counter 1\.0\.0/,
  });
});

t.test('stop waits until the engine let go of its socket', async (t) => {
  const { ask, engine, server } = await setUp(t);
  engine.onStop = () => void server.close();
  t.match(await ask('stop'), { status: 0, stdout: 'stopped\n' });
  t.match(await ask('stop'), { status: 5, stderr: /no engine runs here[\s\S]*hint: start one/ });
});

t.test('Ctrl-C ends top, trace and tap cleanly, and gives an upgrade up', async (t) => {
  const { control, engine } = await setUp(t);
  engine.endlessTrace = true;
  const env = { HOTCLICK_CONTROL: control };
  const interrupted = async (args: string[], ready: RegExp) => {
    const running = startCli(args, env);
    await running.printed(ready);
    running.child.kill('SIGINT');
    return running.ended;
  };
  t.match(await interrupted(['top', '--interval', '60'], /revision 2/), { status: 0, stderr: '' });
  t.match(await interrupted(['trace', '-', '--limit', '1000000'], /packet 1/), { status: 0, stderr: '' });
  t.ok(engine.signals.get('trace')?.aborted);

  const tap = startCli(['tap', 'c[0]', '-w', 'x.pcapng'], env);
  await called(engine, 'tap');
  tap.child.kill('SIGINT');
  t.match(await tap.ended, { status: 0, stdout: /^7 packets/ });

  const upgrade = startCli(['upgrade', 'Slow=s.cc'], env);
  await called(engine, 'upgrade');
  upgrade.child.kill('SIGTERM');
  t.match(await upgrade.ended, { status: 3, stderr: /the upgrade was cancelled in step build/ });
});

t.test('a reader that goes away ends a stream without a failure', async (t) => {
  const { control, engine } = await setUp(t);
  engine.endlessTrace = true;
  const trace = startCli(['trace', '-', '--json'], { HOTCLICK_CONTROL: control });
  await trace.printed(/"packet":1/);
  trace.child.stdout.destroy();
  t.match(await trace.ended, { status: 0, stderr: '' });
});

/** Resolves when the engine has been asked for `method`. */
async function called(engine: FakeEngine, method: string): Promise<void> {
  while (!engine.signals.has(method)) await new Promise((resolve) => setImmediate(resolve));
}
