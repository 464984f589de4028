/** `hotclick run`: first with an engine made up for the test, then with the real one, packets in memory. */
import { execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import t from 'tap';
import { ControlClient } from '../control/client.ts';
import { ControlServer } from '../control/server.ts';
import { FakeEngine } from '../control/testing/fake-engine.ts';
import type { EngineEvents, StartOptions } from '../engine.ts';
import { HotclickError } from '../errors.ts';
import { runCli, startCli } from './testing/run-cli.ts';

// Programs start slowly where many run at a time.
t.setTimeout(180_000);

async function setUp(t: Test) {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-run-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const file = join(directory, 'test.click');
  await writeFile(file, 'src :: InfiniteSource -> c :: Counter -> d :: Discard;\n');
  const control = join(directory, 'control.sock');
  return { directory, file, control, env: { HOTCLICK_CONTROL: control } };
}

/** The events of an engine over the answers of the one for tests; `started` tells when it has been started. */
function fakeEngine() {
  const fake = new FakeEngine();
  const events = new EventEmitter<EngineEvents>();
  const engine = Object.assign(events, {
    ...bound(fake),
    [Symbol.asyncDispose]: () => fake.stop(),
  });
  fake.onStop = () => events.emit('stopped');
  let options: StartOptions | undefined;
  return {
    events,
    fake,
    options: () => options,
    startEngine: async (given: StartOptions) => {
      options = given;
      return engine;
    },
  };
}

function bound(fake: FakeEngine) {
  return {
    read: fake.read.bind(fake),
    write: fake.write.bind(fake),
    upgrade: fake.upgrade.bind(fake),
    apply: fake.apply.bind(fake),
    rollback: fake.rollback.bind(fake),
    history: fake.history.bind(fake),
    stats: fake.stats.bind(fake),
    flatten: fake.flatten.bind(fake),
    classes: fake.classes.bind(fake),
    trace: fake.trace.bind(fake),
    tap: fake.tap.bind(fake),
    stateList: fake.stateList.bind(fake),
    stateGet: fake.stateGet.bind(fake),
    stateHistory: fake.stateHistory.bind(fake),
    stateDiff: fake.stateDiff.bind(fake),
    stop: fake.stop.bind(fake),
  };
}

/** Asks the engine that `run` made to stop, once its socket answers. */
async function stopSoon(control: string): Promise<void> {
  while (!(await isStopped(control))) await new Promise((resolve) => setImmediate(resolve));
}

/** A function of its own: what esbuild makes of `using` in a loop keeps the error of an earlier round. */
async function isStopped(control: string): Promise<boolean> {
  try {
    await using client = await ControlClient.connect(control);
    await client.stop();
    return true;
  } catch (error) {
    if (error instanceof HotclickError && error.code === 'HC_NO_ENGINE') return false;
    throw error;
  }
}

t.test('all options reach the engine', async (t) => {
  const { file, control, directory } = await setUp(t);
  const { startEngine, options } = fakeEngine();
  const args = [
    '--threads',
    '2',
    '--store',
    directory,
    '--control',
    control,
    '--define',
    'A=1',
    '--sync',
    '50',
  ];
  const more = [
    '--packets',
    '4096',
    '--busy-poll',
    '--cpus',
    '0-1',
    '--library-path',
    '/x',
    '--library-path',
    '/y',
  ];
  const running = runCli(['run', file, ...args, ...more], { startEngine });
  await stopSoon(control);
  t.match(await running, { status: 0 });
  const { signal, host, ...given } = options()!;
  t.ok(signal);
  t.equal(host?.predecessor, undefined);
  t.same(given, {
    configuration: 'src :: InfiniteSource -> c :: Counter -> d :: Discard;\n',
    file,
    threads: 2,
    defines: { A: '1' },
    store: directory,
    syncInterval: 50,
    packets: 4096,
    busyPoll: true,
    cpus: [0, 1],
    libraryPath: ['/x', '/y'],
  });
});

t.test('a signal while it starts ends it as one that comes later', async (t) => {
  const { directory, env } = await setUp(t);
  // Who has opened the pipe waits for a configuration, and listens to signals already.
  const pipe = join(directory, 'pipe.click');
  execFileSync('mkfifo', [pipe]);
  const { child, ended } = startCli(['run', '--no-control', pipe], env);
  const writer = await open(pipe, 'w');
  child.kill('SIGTERM');
  await writer.writeFile('Idle -> Discard;');
  await writer.close();
  const { status, stdout, stderr } = await ended;
  t.equal(status, 0);
  t.equal(stdout, '');
  t.match(JSON.parse(stderr), { msg: 'stopped', reason: 'SIGTERM before it ran' });
});

t.test('it says what elements print, logs what happens, and ends with the router', async (t) => {
  const { file } = await setUp(t);
  const { startEngine, events } = fakeEngine();
  const running = runCli(['run', '--no-control', file], { startEngine });
  if (events.listenerCount('stopped') === 0) await once(events, 'newListener');
  while (events.listenerCount('store') === 0) await new Promise((resolve) => setImmediate(resolve));
  events.emit('print', { element: 'p', text: 'p:  60 | 4500\u001b[2J', shard: 0 });
  events.emit('log', { element: 'q', text: 'queue is full', shard: 1 });
  events.emit('refused', new HotclickError('HC_BUILD_FAILED', 'it does not compile'));
  events.emit('store', { error: 'disk full' });
  events.emit('store', {});
  events.emit('stopped');
  const { status, stdout, stderr } = await running;
  t.equal(status, 0);
  t.match(stdout, 'p:  60 | 4500\\x1b[2J\n', 'controls cannot reach the terminal');
  t.match(
    stdout,
    /^hotclick: .*test\.click is running: 2 elements, 1 shard, revision 2, no control socket$/m,
  );
  const log = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number; msg: string });
  t.match(log, [
    { level: 30, msg: 'queue is full', element: 'q', shard: 1 },
    { level: 40, msg: 'it does not compile', code: 'HC_BUILD_FAILED' },
    { level: 50, error: 'disk full' },
    { level: 30, msg: 'the store works again' },
    { level: 30, msg: 'stopped' },
  ]);
});

t.test('with --json everything on standard output is an object', async (t) => {
  const { file, control } = await setUp(t);
  const { startEngine, events } = fakeEngine();
  const running = runCli(['run', file, '--control', control, '--json'], { startEngine });
  while (events.listenerCount('print') === 0) await new Promise((resolve) => setImmediate(resolve));
  events.emit('print', { element: 'p', text: 'hello', shard: 0 });
  await stopSoon(control);
  const lines = (await running).stdout.trim().split('\n');
  t.match(
    lines.map((line) => JSON.parse(line) as unknown),
    [
      { event: 'print', element: 'p', text: 'hello' },
      { event: 'ready', pid: process.pid, file, revision: 2, shards: 1, elements: 2, control },
      { event: 'stopped' },
    ],
  );
});

t.test('an engine that fails ends the program with its error', async (t) => {
  const { file } = await setUp(t);
  const { startEngine, events } = fakeEngine();
  const running = runCli(['run', file, '--no-control'], { startEngine });
  while (events.listenerCount('failed') === 0) await new Promise((resolve) => setImmediate(resolve));
  events.emit('failed', new HotclickError('HC_INTERNAL', 'the thread of shard 0 died'));
  t.match(await running, { status: 70, stderr: /the thread of shard 0 died/ });
});

t.test('nothing starts where an engine already listens, or for a user that does not exist', async (t) => {
  const { file, control } = await setUp(t);
  const startEngine = () => Promise.reject(new Error('it was started'));
  const server = await ControlServer.listen(new FakeEngine(), control);
  t.match(await runCli(['run', file, '--control', control], { startEngine }), {
    status: 5,
    stderr: /an engine already listens[\s\S]*hint: stop it with/,
  });
  await server.close();
  const user = await runCli(['run', file, '--no-control', '--user', 'no-such-user'], { startEngine });
  t.match(user, process.getuid?.() === 0 ? { status: 2, stderr: /no user 'no-such-user'/ } : { status: 4 });
});

t.test('the real engine: run, ask, change, stop', async (t) => {
  const { file, control, env, directory } = await setUp(t);
  const store = join(directory, 'store');
  const running = startCli(['run', file, '--store', store, '--threads', '2'], env);
  t.teardown(() => running.child.kill('SIGKILL'));
  await running.printed(/is running: 3 elements, 2 shards, revision 1, control socket/);
  t.equal((await stat(control)).mode & 0o777, 0o600);
  const ask = async (...args: string[]) => {
    const { status, stdout, stderr } = await runCli(args, { env });
    t.equal(status, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  t.equal(await ask('read', 'list'), '3\nsrc\nc\nd\n');
  t.match(await ask('read', 'c.count'), /^\d+\n$/);
  await ask('write', 'src.active', 'false');
  t.match(await ask('top', '--once'), /^revision 1, [\s\S]*^c +Counter 1\.0\.0/m);
  t.match(JSON.parse(await ask('top', '--once', '--json')), { revision: 1, shards: { length: 2 } });
  t.match(JSON.parse(await ask('state', 'ls', '--json')), { states: Array });
  const before = (await ask('read', 'c.count')).trim();
  const next = join(directory, 'next.click');
  await writeFile(
    next,
    'src :: InfiniteSource(ACTIVE false) -> c :: Counter -> e :: Counter -> d :: Discard;\n',
  );
  t.match(JSON.parse(await ask('apply', next, '--json')), { revision: 2, breaks: { length: 2 } });
  t.equal((await ask('read', 'c.count')).trim(), before, 'the counter kept its count');
  t.match(await ask('flatten'), /e :: Counter;/);
  await ask('rollback');
  const { revisions } = JSON.parse(await ask('history', '--json')) as { revisions: { current: boolean }[] };
  t.equal(revisions.length, 3);
  t.ok(revisions[2]?.current);
  t.match(await runCli(['read', 'e.count'], { env }), { status: 3, stderr: /hint: list its elements/ });
  t.equal(await ask('stop'), 'stopped\n');
  t.match(await running.ended, { status: 0 });
  t.match(await runCli(['state', 'get', 'c', '--store', store]), { status: 0, stdout: /^shard +packets/ });
});

t.test('the real engine: SIGTERM ends it cleanly, and it goes on from its store', async (t) => {
  const { file, control, directory } = await setUp(t);
  await writeFile(file, 'src :: InfiniteSource(LIMIT 1000, STOP false) -> c :: Counter -> Discard;\n');
  const store = join(directory, 'store');
  const args = ['run', file, '--store', store, '--control', control];
  const first = startCli(args);
  t.teardown(() => first.child.kill('SIGKILL'));
  await first.printed(/is running/);
  const count = await counted(control);
  t.equal(count, '1000');
  first.child.kill('SIGTERM');
  t.match(await first.ended, { status: 0, stderr: /"reason":"SIGTERM","msg":"stopped"/ });
  await t.rejects(stat(control), { code: 'ENOENT' });

  await writeFile(file, 'src :: InfiniteSource(ACTIVE false) -> c :: Counter -> Discard;\n');
  const second = startCli(args);
  t.teardown(() => second.child.kill('SIGKILL'));
  await second.printed(/is running/);
  t.equal(await counted(control), '1000');
  second.child.kill('SIGINT');
  t.match(await second.ended, { status: 0 });
});

t.test('the real engine: a router that ends at once is heard, and so is what it printed', async (t) => {
  const { file } = await setUp(t);
  await writeFile(file, 'InfiniteSource(LIMIT 3, STOP true) -> Print(out) -> Discard;\n');
  const { status, stdout } = await startCli(['run', file, '--no-control']).ended;
  t.equal(status, 0);
  t.equal(stdout.split('\n').filter((line) => line.startsWith('out:')).length, 3);
});

t.test('the real engine: it ends with its router', async (t) => {
  const { file, env } = await setUp(t);
  await writeFile(
    file,
    'src :: InfiniteSource(LIMIT 3, STOP true, ACTIVE false) -> Print(out) -> Discard;\n',
  );
  const running = startCli(['run', file], env);
  t.teardown(() => running.child.kill('SIGKILL'));
  await running.printed(/is running/);
  t.match(await runCli(['write', 'src.active', 'true'], { env }), { status: 0 });
  const { status, stdout } = await running.ended;
  t.equal(status, 0);
  t.equal(stdout.split('\n').filter((line) => line.startsWith('out:')).length, 3);
});

t.test('the real engine: it gives up root, or says that it never had it', async (t) => {
  const { file, control, env, directory } = await setUp(t);
  await writeFile(file, 'Idle -> c :: Counter -> Discard;\n');
  // The user has to reach the socket in it.
  await chmod(directory, 0o755);
  const temporary = join(directory, 'temporary');
  await mkdir(temporary);
  await chmod(temporary, 0o1777);
  // Where only root finds its own program again.
  const closed = join(directory, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const node = join(closed, 'node');
  await copyFile(process.execPath, node, constants.COPYFILE_FICLONE);
  const running = startCli(['run', file, '--user', 'nobody'], { ...env, TMPDIR: temporary }, node);
  t.teardown(() => running.child.kill('SIGKILL'));
  if (process.getuid?.() !== 0) {
    t.match(await running.ended, { status: 4, stderr: /only root can become another user/ });
    return;
  }
  await running.printed(/is running/);
  const { uid } = await stat(control);
  t.not(uid, 0, 'the socket is the user’s');
  const threads = `/proc/${running.child.pid}/task`;
  for (const thread of await readdir(threads)) {
    t.match(
      await readFile(join(threads, thread, 'status'), 'utf8'),
      `\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
    );
  }
  const counter = fileURLToPath(new URL('../../native/elements/basic/Counter.cc', import.meta.url));
  const built = await runCli(['upgrade', `Counter=${counter}`], { env });
  // Where the checkout is closed to other users there is nothing that it could build.
  if (await reachableForOthers(counter)) t.match(built, { status: 0 }, 'it can still build');
  else t.match(built, { status: 2, stderr: /Counter\.cc/ }, 'it says which source it cannot see');
  t.match(await runCli(['stop'], { env }), { status: 0, stderr: '' });
  t.match(await running.ended, { status: 0 });
  const left = (await readdir(temporary)).filter((name) => name.startsWith('hotclick'));
  t.same(left, [], 'nothing is left behind');
});

t.test('the real engine: a configuration that is wrong never runs', async (t) => {
  const { file, env } = await setUp(t);
  await writeFile(file, 'Idle -> Counter(NONSENSE 1) -> Discard;\n');
  t.match(await startCli(['run', file, '--json'], env).ended, {
    status: 3,
    stdout: '',
    stderr: /"code":"HC_/,
  });
});

/** The count of element c, once packets stop coming. */
async function counted(control: string): Promise<string> {
  await using client = await ControlClient.connect(control);
  for (;;) {
    const count = await client.read('c.count');
    if (Number(count) >= 1000) return count;
  }
}

async function reachableForOthers(path: string): Promise<boolean> {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
  }
  return true;
}
