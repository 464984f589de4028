import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import type { TraceEvent, UpgradeStep } from '../engine-types.ts';
import { ControlClient } from './client.ts';
import { defaultControlPath } from './control-path.ts';
import { ControlServer } from './server.ts';
import {
  counterClass,
  engineStats,
  revisions,
  stateAnswers,
  traceEvents,
  upgradeReport,
} from './testing/answers.ts';
import { FakeEngine } from './testing/fake-engine.ts';

async function temporaryPath(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-client-'));
  t.teardown(() => rm(directory, { recursive: true }));
  return join(directory, 'control.sock');
}

async function setUp(t: Test) {
  const path = await temporaryPath(t);
  const engine = new FakeEngine();
  const server = await ControlServer.listen(engine, path);
  t.teardown(() => server.close());
  const client = await ControlClient.connect(path);
  t.teardown(() => client[Symbol.asyncDispose]());
  return { path, engine, server, client };
}

t.test('every call reaches the engine and its answer comes back', async (t) => {
  const { client, engine } = await setUp(t);
  t.equal(await client.read('c.count'), '1234');
  t.equal(await client.read('rt.lookup', '10.0.0.1'), '1234');
  t.equal(await client.write('c.reset', ''), null);
  t.same(await client.history(), revisions);
  t.same(await client.stats(), engineStats);
  t.equal(await client.flatten(), 'c :: Counter;\n');
  t.same(await client.classes(), [counterClass]);
  t.same(await client.stateList(), stateAnswers.list);
  t.same(await client.stateGet('fw/connections', { filter: 'packets>3', limit: 5 }), stateAnswers.get);
  t.same(await client.stateHistory(), stateAnswers.history);
  t.same(await client.stateDiff(1, 2), stateAnswers.diff);
  t.same(engine.calls, [
    ['read', 'c.count'],
    ['read', 'rt.lookup', '10.0.0.1'],
    ['write', 'c.reset', ''],
    ['stateGet', 'fw/connections', { filter: 'packets>3', limit: 5 }],
    ['stateDiff', 1, 2],
  ]);
});

t.test('upgrades send their options with absolute paths and report their steps', async (t) => {
  const { client, engine } = await setUp(t);
  const steps: UpgradeStep[] = [];
  const onStep = (step: UpgradeStep) => steps.push(step);
  const report = await client.upgrade({ Counter: 'elements/Counter.cc' }, { strategy: 'thread', onStep });
  t.same(report, { ...upgradeReport, strategy: 'thread' });
  t.same(
    steps.map(({ step }) => step),
    ['plan', 'build'],
  );
  await client.apply('Idle -> Discard;', { file: 'x.click', defines: { DEV: 'eth0' }, dryRun: true });
  await client.rollback({ revision: 1 });
  t.same(engine.calls, [
    ['upgrade', { Counter: join(process.cwd(), 'elements/Counter.cc') }, { strategy: 'thread' }],
    ['apply', 'Idle -> Discard;', { file: 'x.click', defines: { DEV: 'eth0' }, dryRun: true }],
    ['rollback', { revision: 1 }],
  ]);
});

t.test('errors of the engine arrive as they were thrown', async (t) => {
  const { client } = await setUp(t);
  await t.rejects(client.read('nobody.count'), {
    name: 'HotclickError',
    code: 'HC_NO_SUCH_ELEMENT',
    exitCode: 3,
    details: { path: 'nobody.count' },
  });
  await t.rejects(client.upgrade({ Broken: 'b.cc' }), { code: 'HC_BUILD_FAILED', message: /Broken.cc:3:1/ });
  t.equal(await client.read('c.count'), '1234', 'the connection goes on');
});

t.test('an answer may be longer than a request may be', async (t) => {
  const { client } = await setUp(t);
  t.equal((await client.read('c.big')).length, 3_000_000);
});

t.test('a configuration beyond the limit of a request is refused by the engine', async (t) => {
  const { client } = await setUp(t);
  await t.rejects(client.apply('x'.repeat(1_100_000)), {
    code: 'HC_CONTROL_REQUEST',
    message: /longer than/,
  });
  t.equal(await client.read('c.count'), '1234', 'the connection goes on');
});

t.test('two clients are served at the same time', async (t) => {
  const { client, path } = await setUp(t);
  await using other = await ControlClient.connect(path);
  const answers = await Promise.all([client.read('slow.count'), other.read('c.count'), client.flatten()]);
  t.same(answers, ['1234', '1234', 'c :: Counter;\n']);
});

t.test('a trace ends with its packets', async (t) => {
  const { client, engine } = await setUp(t);
  const events: TraceEvent[] = [];
  for await (const event of client.trace('tcp', { limit: 1 })) events.push(event);
  t.same(events, traceEvents);
  t.same(engine.calls, [['trace', 'tcp', 1]]);
});

t.test('leaving a trace cancels it', async (t) => {
  const { client, engine } = await setUp(t);
  engine.endlessTrace = true;
  let seen = 0;
  for await (const _ of client.trace('tcp')) {
    seen += 1;
    if (seen === 10) break;
  }
  const signal = engine.signals.get('trace')!;
  if (!signal.aborted) await once(signal, 'abort');
  t.equal(await client.read('c.count'), '1234', 'the connection goes on');
});

t.test('a signal ends a trace, a tap and an upgrade', async (t) => {
  const { client, engine } = await setUp(t);
  engine.endlessTrace = true;
  const trace = new AbortController();
  let seen = 0;
  for await (const _ of client.trace('tcp', { signal: trace.signal })) {
    seen += 1;
    if (seen === 5) trace.abort();
  }
  t.ok(engine.signals.get('trace')?.aborted);

  const tap = new AbortController();
  const tapping = client.tap('c[0]', 'out.pcapng', { signal: tap.signal });
  tap.abort();
  t.same(await tapping, { file: join(process.cwd(), 'out.pcapng'), packets: 7, lost: 0 });

  t.equal(
    (await client.tap('c[0]', 'o', { signal: AbortSignal.abort() })).packets,
    7,
    'aborted before it began',
  );

  const upgrade = new AbortController();
  const upgrading = client.upgrade(
    { Slow: 's.cc' },
    { signal: upgrade.signal, onStep: () => upgrade.abort() },
  );
  await t.rejects(upgrading, { code: 'HC_UPGRADE_FAILED', message: /cancelled/ });
});

t.test('stopping returns when the engine let go of its socket', async (t) => {
  const { client, engine, server, path } = await setUp(t);
  engine.onStop = () => void server.close();
  await client.stop();
  await t.rejects(ControlClient.connect(path), { code: 'HC_NO_ENGINE' });
  await t.rejects(client.read('c.count'), { code: 'HC_NO_ENGINE', message: /is closed/ });
});

t.test('without an engine the error names the socket', async (t) => {
  const path = await temporaryPath(t);
  await t.rejects(ControlClient.connect(path), {
    code: 'HC_NO_ENGINE',
    exitCode: 5,
    message: new RegExp(`${path} does not exist`),
  });
  await t.rejects(ControlClient.connect('/x'.repeat(80)), { code: 'HC_ARGUMENT' });
});

t.test('an engine that dies fails what was asked', async (t) => {
  const path = await temporaryPath(t);
  const server = createServer((socket) => socket.once('data', () => socket.destroy())).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  await using client = await ControlClient.connect(path);
  await t.rejects(client.stats(), {
    code: 'HC_NO_ENGINE',
    message: /closed the connection before it answered/,
  });
});

t.test('something else that listens on the path is noticed', async (t) => {
  const path = await temporaryPath(t);
  const server = createServer((socket) => socket.write('220 mail.example ESMTP\r\n')).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  await using client = await ControlClient.connect(path);
  await t.rejects(client.stats(), { code: 'HC_NO_ENGINE', message: /does not speak/ });
});

t.test('the socket has one default place per user', async (t) => {
  t.equal(defaultControlPath({ HOTCLICK_CONTROL: '/x/y' }, 0), '/x/y');
  t.equal(defaultControlPath({ XDG_RUNTIME_DIR: '/run/user/0' }, 0), '/run/hotclick.sock');
  t.equal(defaultControlPath({ XDG_RUNTIME_DIR: '/run/user/1000' }, 1000), '/run/user/1000/hotclick.sock');
  t.equal(defaultControlPath({}, 1000), join(tmpdir(), 'hotclick-1000.sock'));
});
