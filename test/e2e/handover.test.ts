/** The strategy handover under traffic: another process holds the same devices and memory, and nothing is lost. */
import { symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import t from 'tap';
import { Downloads } from '../../bench/lab/downloads.ts';
import { runs } from '../../bench/lab/engine-process.ts';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { firewallVersion2, kernelDrops, until } from './laboratory.ts';
import { connectionPorts, startSuccession, untilForwarding } from './succession.ts';

t.setTimeout(180_000);

t.test('nothing is lost while the process changes, with a new version and without', async (t) => {
  const succession = await startSuccession(t);
  const { engine, stream, lab } = succession;
  await using downloads = await Downloads.start(lab, { connections: 5, rate: 1_000_000 });
  const ports = await connectionPorts(succession);
  const pids = [engine.pid];
  for (const [change, kept] of [
    [{}, '1.0.0'],
    [{ Firewall: firewallVersion2 }, '2.0.0'],
    [{}, '2.0.0'],
  ] as const) {
    const report = await engine.client.upgrade(change, { strategy: 'handover' });
    t.match(report, { strategy: 'handover', successor: { pid: engine.pid, node: process.version } });
    t.comment(`break ${report.breaks.map(({ breakNs }) => (breakNs / 1e6).toFixed(2))} ms`);
    t.notOk(pids.includes(engine.pid), 'it is another process');
    pids.push(engine.pid);
    await untilForwarding(succession);
    const firewall = (await engine.client.stats()).elements.find(({ element }) => element === 'fw');
    t.equal(firewall?.version, kept);
    t.equal(Number(await engine.client.read('fw.connections')), ports.length, 'every connection is known');
  }
  await until(() => pids.slice(0, -1).every((pid) => !runs(pid)));
  t.same(
    (await connectionPorts(succession)).filter((port) => ports.includes(port)),
    ports,
  );
  t.match(await downloads.stop(), { complete: 5, corrupted: 0, alive: 5 });
  const { lost, socketDrops, ...summary } = await stream.stop();
  t.match(summary, { duplicated: 0, reordered: 0 });
  const dropped = await kernelDrops(lab, engine.client);
  t.ok(lost <= dropped + socketDrops, `${lost} lost, ${dropped} + ${socketDrops} dropped by the kernel`);
  const history = await engine.client.history();
  t.match(history.at(-1), { revision: 4, status: 'committed', strategy: 'handover', current: true });
});

t.test('without a store too, and with the history', async (t) => {
  const succession = await startSuccession(t, { hasStore: false });
  const { engine } = succession;
  const before = await engine.client.read('fw.connections');
  await engine.client.upgrade({ Firewall: firewallVersion2 }, { strategy: 'handover' });
  t.equal(await engine.client.read('fw.connections'), before);
  await engine.client.upgrade({}, { strategy: 'handover' });
  t.equal(await engine.client.read('fw.connections'), before);
  t.match(await engine.client.history(), [
    { kind: 'start' },
    { kind: 'upgrade' },
    { kind: 'upgrade', current: true },
  ]);
  t.equal((await engine.client.rollback({ revision: 1 })).revision, 4, 'a rollback finds the first version');
});

t.test('versions side by side go on side by side, in a handover and in a restart', async (t) => {
  const succession = await startSuccession(t);
  const { engine } = succession;
  const before = await engine.client.read('fw.connections');
  await engine.client.upgrade({ Firewall: firewallVersion2 }, { newFlowsOnly: true });
  for (const strategy of ['handover', 'restart'] as const) {
    await engine.client.upgrade({}, { strategy });
    const { elements } = await engine.client.stats();
    t.match(
      elements.filter(({ className }) => className === 'Firewall'),
      [
        { element: 'fw', version: '2.0.0' },
        { element: 'fw~1', version: '1.0.0', beside: 'fw' },
      ],
    );
    t.equal(await engine.client.read('fw~1.connections'), before, strategy);
    await untilForwarding(succession);
  }
});

t.test('another Node.js and another installation', async (t) => {
  const succession = await startSuccession(t);
  const { engine, options } = succession;
  const before = await engine.client.read('fw.connections');
  const node = join(dirname(options.control), 'node');
  await symlink(process.execPath, node);
  await engine.client.upgrade({}, { strategy: 'handover', node, hotclick: packageRoot });
  t.equal(await engine.client.read('fw.connections'), before);
  const nowhere = engine.client.upgrade({}, { strategy: 'handover', hotclick: dirname(options.control) });
  await t.rejects(nowhere, { code: 'HC_ARGUMENT' });
  await untilForwarding(succession);
});
