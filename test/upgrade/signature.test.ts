import { appendFileSync, copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCli } from '../../engine/cli/testing/run-cli.ts';
import { Engine } from '../../engine/engine.ts';
import type { EngineOptions } from '../../engine/engine-types.ts';
import { buildElement } from '../../engine/upgrade/build-element.ts';
import { untilGrown } from './traffic.ts';

t.setTimeout(120_000);

const configuration = 'src :: RatedSource(RATE 20000) -> count :: Counter -> out :: Discard;';
const source = `#include <hotclick/element.hpp>
using namespace hotclick;
struct Counter : Element { void action(Batch&) {} };
constexpr auto info = element<Counter>("Counter", "9.0.0").help("For a test.");
HOTCLICK_EXPORT(info)
`;

/** A directory with a source, its library, two key pairs, and no signature yet. */
async function workshop(t: Test) {
  const directory = t.testdir({ 'Counter.cc': source });
  const at = (name: string) => join(directory, name);
  copyFileSync(await buildElement(at('Counter.cc')), at('Counter.so'));
  for (const name of ['ours', 'theirs'])
    t.equal((await runCli(['keygen', at(name)])).status, 0, 'a key pair is made');
  const sign = async (name: string, key = 'ours') => {
    const { status, stdout, stderr } = await runCli(['sign', at(name), '--key', at(key), '--json']);
    t.equal(status, 0, stderr);
    return JSON.parse(stdout) as { signature: string; keyId: string };
  };
  return { directory, at, sign };
}

async function start(t: Test, options: Partial<EngineOptions>): Promise<Engine> {
  const engine = await Engine.start({ configuration, ...options });
  t.teardown(() => engine.stop());
  return engine;
}

t.test('keys are made for their owner alone, and are not written over', async (t) => {
  const { at } = await workshop(t);
  t.equal(statSync(at('ours')).mode & 0o777, 0o600);
  t.match(readFileSync(at('ours.pub'), 'utf8'), /BEGIN PUBLIC KEY/);
  t.match(await runCli(['keygen', at('ours')]), { status: 3, stderr: /cannot be written: EEXIST/ });
});

t.test('a signature that is there must be good, whoever asks', async (t) => {
  const { at, sign } = await workshop(t);
  const engine = await start(t, { trustedKeys: [at('ours.pub')] });
  const refused = (message: RegExp, what: string) =>
    t.rejects(engine.upgrade({ Counter: at('Counter.so') }), { code: 'HC_SIGNATURE', message }, what);

  const { signature } = await sign('Counter.so', 'theirs');
  await refused(/was made with the key [0-9a-f]{16}, which is not trusted here/, 'foreign');
  const { keyId } = await sign('Counter.so');
  const good = readFileSync(signature, 'utf8');
  truncateSync(signature, 70);
  await refused(/is not a signature, or not a whole one/, 'truncated');
  writeFileSync(signature, '');
  await refused(/is not a signature/, 'empty');
  writeFileSync(signature, `hotclick-ed25519 ${keyId} ${Buffer.alloc(64, 7).toString('base64')}\n`);
  await refused(/does not belong to this content/, 'made up');
  writeFileSync(signature, good);
  appendFileSync(at('Counter.so'), '\0');
  await refused(/does not belong to this content/, 'of other content');
  copyFileSync(await buildElement(at('Counter.cc')), at('Counter.so'));
  t.equal((await engine.upgrade({ Counter: at('Counter.so') })).revision, 2, 'good');
});

t.test('without a signature only an engine or an upgrade that asks for none goes on', async (t) => {
  const { at, sign } = await workshop(t);
  const lenient = await start(t, { trustedKeys: [at('ours.pub')] });
  const unsigned = { code: 'HC_SIGNATURE', message: /Counter\.\w+ is not signed/ };
  for (const file of ['Counter.so', 'Counter.cc']) {
    await t.rejects(lenient.upgrade({ Counter: at(file) }, { requireSignature: true }), unsigned, file);
  }
  t.equal((await lenient.upgrade({ Counter: at('Counter.cc') })).revision, 2);

  const strict = await start(t, { trustedKeys: [at('ours.pub'), at('theirs.pub')], requireSignature: true });
  for (const file of ['Counter.so', 'Counter.cc'])
    await t.rejects(strict.upgrade({ Counter: at(file) }), unsigned, file);
  await untilGrown(strict, 'out.count');
  await sign('Counter.cc', 'theirs');
  t.equal((await strict.upgrade({ Counter: at('Counter.cc') })).revision, 2, 'a source is signed as it is');
  appendFileSync(at('Counter.cc'), '// changed\n');
  await t.rejects(strict.upgrade({ Counter: at('Counter.cc') }), { code: 'HC_SIGNATURE' });
});

t.test('what was accepted once can be rolled back to, after its signature has gone', async (t) => {
  const { at, sign } = await workshop(t);
  const store = at('store');
  const options = { trustedKeys: [at('ours.pub')], requireSignature: true, store };
  const first = await start(t, options);
  const { signature } = await sign('Counter.so');
  await first.upgrade({ Counter: at('Counter.so') });
  await first.rollback();
  writeFileSync(signature, 'gone');
  t.equal((await first.rollback({ revision: 2 })).revision, 4);
  await first.stop();
  const again = await start(t, options);
  t.match((await again.history()).at(-1), { current: true, versions: { Counter: '9.0.0' } });
});

t.test('libraries of --library-path are code from outside too', async (t) => {
  const { directory, at, sign } = await workshop(t);
  const options = { trustedKeys: [at('ours.pub')], requireSignature: true, libraryPath: [directory] };
  await t.rejects(start(t, options), { code: 'HC_SIGNATURE', message: /Counter\.so is not signed/ });
  await sign('Counter.so');
  const engine = await start(t, options);
  t.match((await engine.history())[0], { versions: { Counter: '9.0.0' } });
});

t.test('an engine that trusts nobody cannot require signatures', async (t) => {
  const { at, sign } = await workshop(t);
  await t.rejects(start(t, { requireSignature: true }), {
    code: 'HC_ARGUMENT',
    message: /no key is trusted/,
  });
  const engine = await start(t, {});
  await sign('Counter.so');
  await t.rejects(engine.upgrade({ Counter: at('Counter.so') }, { requireSignature: true }), {
    code: 'HC_SIGNATURE',
    message: /this engine trusts no key/,
  });
});

t.test('files that are no keys are refused with the reason', async (t) => {
  const { at } = await workshop(t);
  const cases: [string, RegExp][] = [
    [at('nothing.pub'), /cannot be used as a public key: ENOENT/],
    [at('Counter.cc'), /cannot be used as a public key/],
    [at('ours'), /it is a private key/],
  ];
  for (const [file, message] of cases) {
    await t.rejects(start(t, { trustedKeys: [file] }), { code: 'HC_KEY', message }, file);
  }
  t.match(await runCli(['sign', at('Counter.so'), '--key', at('ours.pub')]), {
    status: 3,
    stderr: /private key/,
  });
  t.match(await runCli(['sign', at('missing.so'), '--key', at('ours')]), {
    status: 2,
    stderr: /cannot be read/,
  });
});
