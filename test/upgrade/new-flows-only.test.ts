/** Versions side by side in a running engine: old flows with the old version, new ones with the new, and all that may end it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { Engine, HostProcess, type StartOptions, type UpgradeOptions } from '../../engine/index.ts';
import { firewallVersion2, shortDirectory } from '../e2e/laboratory.ts';
import { until, untilGrown } from './traffic.ts';

t.setTimeout(180_000);

const beside = { newFlowsOnly: true } as const;
const threads = 2;
const earlyFlows = 50;
const lateFlows = 20;

/** Two hosts behind a firewall; the second one's flows begin when it is told to. */
const configuration = `
  fw :: Firewall(allow udp, UDP_TIMEOUT 600s);
  early :: FastUDPFlows(2000, -1, 60, 2:0:0:0:0:1, 10.1.0.2, 2:0:0:0:0:2, 10.2.0.2, ${earlyFlows}, 1000000000) -> [0]fw;
  late :: FastUDPFlows(2000, -1, 60, 2:0:0:0:0:1, 10.1.0.3, 2:0:0:0:0:2, 10.2.0.2, ${lateFlows}, 1000000000,
                       ACTIVE false) -> [0]fw;
  Idle -> [1]fw[1] -> Discard;
  fw[0] -> out :: Discard;
`;

/** An engine whose early flows are open. */
async function start(t: Test, options: Partial<StartOptions> = {}): Promise<Engine> {
  const engine = await Engine.start({ configuration, threads, ...options });
  t.teardown(() => engine.stop());
  await until(engine, 'fw.connections', earlyFlows);
  return engine;
}

/** One whose firewall is version 2 for new flows, with the late flows open. */
async function startSideBySide(t: Test, options: Partial<StartOptions> = {}): Promise<Engine> {
  const engine = await start(t, options);
  await engine.upgrade({ Firewall: firewallVersion2 }, beside);
  await engine.write('late.active', 'true');
  await until(engine, 'fw.connections', earlyFlows + lateFlows);
  return engine;
}

async function versions(engine: Engine): Promise<Record<string, { version: string; records: number }>> {
  const { elements } = await engine.stats();
  const firewalls = elements.filter(({ className }) => className === 'Firewall');
  return Object.fromEntries(
    firewalls.map(({ element, version, records }) => [element, { version, records }]),
  );
}

const bothVersions = {
  fw: { version: '2.0.0', records: lateFlows },
  'fw~1': { version: '1.0.0', records: earlyFlows },
};

/** Copies of an element library that this process has mapped. */
function mappedLibraries(): number {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  return new Set([...maps.matchAll(/(\d+)\s+\/memfd:hotclick-element/g)].map(([, inode]) => inode)).size;
}

/** Upgrades to a version 2 that crashes when a connection begins, and begins some when it is watched. */
async function crash(t: Test, engine: Engine, options: UpgradeOptions): Promise<void> {
  const file = join(t.testdirName, 'Firewall-crashes.cc');
  const breaks = 'volatile unsigned long at = 16; *reinterpret_cast<volatile unsigned long*>(at) = 1;';
  const source = readFileSync(firewallVersion2, 'utf8')
    .replace('#include "', `#include "${dirname(firewallVersion2)}/`)
    .replace('record.first_seen = {', `${breaks}\n    record.first_seen = {`);
  writeFileSync(file, source);
  const upgrade = engine.upgrade(
    { Firewall: file },
    {
      ...options,
      watch: 60_000,
      onStep: ({ step, detail }) => {
        if (step === 'watch' && !detail.startsWith('measuring')) void engine.write('late.active', 'true');
      },
    },
  );
  await t.rejects(upgrade, {
    code: 'HC_UPGRADE_FAULT',
    message: /fw :: Firewall 2\.0\.0 raised SIGSEGV/,
  });
  await until(engine, 'fw.connections', earlyFlows + lateFlows);
  t.equal(await engine.read('fw.connections'), `${earlyFlows + lateFlows}`);
  t.equal(await engine.read('fw.opened'), `${earlyFlows + lateFlows}`, 'no early flow had to begin anew');
  t.match((await engine.history()).at(-1), { status: 'undone', reason: /SIGSEGV/ });
}

t.test('old flows stay with the old version, which leaves the process when the last has ended', async (t) => {
  const engine = await start(t, { configuration: configuration.replace('600s', '2s') });
  const libraries = mappedLibraries();
  const begun: string[] = [];
  engine.on('log', ({ text }) => begun.push(text));
  const plan = await engine.upgrade({ Firewall: firewallVersion2 }, { ...beside, dryRun: true });
  t.match(
    plan.actions.find(({ element }) => element === 'fw'),
    { kind: 'pin', versions: { from: '1.0.0', to: '2.0.0' } },
  );
  await engine.upgrade({ Firewall: firewallVersion2 }, beside);
  t.equal(mappedLibraries(), libraries + 1);
  t.same(await versions(engine), { ...bothVersions, fw: { version: '2.0.0', records: 0 } });

  await engine.write('late.active', 'true');
  await until(engine, 'fw.connections', earlyFlows + lateFlows);
  t.same(await versions(engine), bothVersions);
  await untilGrown(engine, 'fw~1.allowed');
  t.equal(await engine.read('fw~1.connections'), `${earlyFlows}`);
  t.equal(begun.length, lateFlows, 'version 2 has seen the new flows only');
  t.ok(begun.every((line) => line.includes('10.1.0.3')));
  t.same(await versions(engine), bothVersions, 'and no flow changes sides');

  const ended = new Promise((resolve) => engine.once('ended', resolve));
  await engine.write('early.active', 'false');
  t.match(await ended, { name: 'fw~1', element: 'fw', version: '1.0.0', moves: false });
  t.same(await versions(engine), { fw: bothVersions.fw });
  t.equal(await engine.read('fw.opened'), `${earlyFlows + lateFlows}`, 'what it counted stays');
  t.match((await engine.history()).at(-1)?.older, [{ name: 'fw~1', endedAt: /^2/ }]);
  while (mappedLibraries() > libraries) await untilGrown(engine, 'out.count');
  await untilGrown(engine, 'out.count');
});

t.test('a rollback brings the flows of both versions to the old one', async (t) => {
  const engine = await startSideBySide(t);
  const ended = new Promise((resolve) => engine.once('ended', resolve));
  await engine.rollback();
  t.match(await ended, { name: 'fw~1', moves: true });
  t.same(await versions(engine), { fw: { version: '1.0.0', records: earlyFlows + lateFlows } });
  t.equal(await engine.read('fw.opened'), `${earlyFlows + lateFlows}`, 'no flow had to begin anew');
  t.equal(await engine.read('fw.denied'), '0');
});

t.test('a crash of the new version beside the old one: the old one goes on with all flows', async (t) => {
  t.testdir({});
  const engine = await start(t);
  await crash(t, engine, beside);
  t.same(await versions(engine), { fw: { version: '1.0.0', records: earlyFlows + lateFlows } });
});

t.test('a crash of a third version that takes the flows of two over: back to the second', async (t) => {
  t.testdir({});
  const engine = await start(t);
  await engine.upgrade({ Firewall: firewallVersion2 }, beside);
  await crash(t, engine, {});
  t.match(await versions(engine), { fw: { version: '2.0.0' } });
  await untilGrown(engine, 'out.count');
});

t.test('versions that know different arguments run side by side, the older one as the newest', async (t) => {
  const engine = await start(t);
  await engine.upgrade({ Firewall: firewallVersion2 });
  await engine.apply(configuration.replace('allow udp,', 'allow udp, LOG false,'));
  await engine.rollback({ revision: 1, newFlowsOnly: true });
  t.same(await versions(engine), {
    fw: { version: '1.0.0', records: 0 },
    'fw~3': { version: '2.0.0', records: earlyFlows },
  });
  t.match(await engine.read('fw~3.config'), /LOG false/);
});

t.test('shadow compares a version that is to run beside the old one', async (t) => {
  const engine = await start(t);
  const { shadow } = await engine.upgrade(
    { Firewall: firewallVersion2 },
    { ...beside, shadow: { packets: 200 } },
  );
  t.match(shadow, { packets: 200, differences: 0, elements: [{ element: 'fw', versions: { to: '2.0.0' } }] });
});

t.test('an engine that starts again has both versions with their flows', async (t) => {
  const store = join(await shortDirectory(t), 'store');
  const first = await startSideBySide(t, { store });
  await first.stop();
  const engine = await Engine.start({ configuration, threads, store });
  t.teardown(() => engine.stop());
  t.same(await versions(engine), bothVersions);
  t.equal(await engine.read('fw.opened'), `${earlyFlows + lateFlows}`);
  await until(engine, 'early.count', 10 * earlyFlows);
  t.same(await versions(engine), { ...bothVersions }, 'packets find the version that knows their flow');
});

t.test('another core takes both versions over', async (t) => {
  const engine = await startSideBySide(t);
  await engine.upgrade({}, { strategy: 'core' });
  t.same(await versions(engine), bothVersions);
  await untilGrown(engine, 'fw~1.allowed');
  await engine.rollback({ revision: 1 });
  await until(engine, 'fw.connections', earlyFlows + lateFlows);
  t.equal(await engine.read('fw.opened'), `${earlyFlows + lateFlows}`);
});

t.test('what cannot run side by side is refused, and nothing has changed', async (t) => {
  const store = join(await shortDirectory(t), 'store');
  const engine = await start(t, { store, host: await HostProcess.open({}) });
  for (const strategy of ['core', 'restart', 'handover'] as const) {
    const refused = engine.upgrade({ Firewall: firewallVersion2 }, { ...beside, strategy });
    await t.rejects(refused, { code: 'HC_PINNING', message: new RegExp(`strategy ${strategy}`) });
  }
  await t.rejects(engine.apply(configuration.replace('out :: Discard', 'out :: Discard(BURST 8)'), beside), {
    code: 'HC_PINNING',
    message: /Discard 1\.0\.0 does not say which flows it knows/,
  });
  t.equal(engine.revision, 1);
  t.same(await versions(engine), { fw: { version: '1.0.0', records: earlyFlows } });
});
