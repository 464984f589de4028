/** The strategy dual-main under traffic: a second process with sockets of its own takes the packets over. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { runs } from '../../bench/lab/engine-process.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { firewallVersion2, kernelDrops, until } from './laboratory.ts';
import { flows, startSuccession, untilForwarding } from './succession.ts';

t.setTimeout(180_000);

t.test(
  'no packet is lost or handled twice, while new flows begin and with another record layout',
  async (t) => {
    const succession = await startSuccession(t);
    const { engine, stream, lab } = succession;
    // Every packet of the first seconds begins a flow, so the table changes while the other process restores it.
    const begun = 20_000;
    const beginning = {
      rate: 4000,
      flows: begun,
      port: 9001,
      sourcePort: 30_000,
      rawTo: lab.server.mac,
      cpu: { generator: 0 },
    };
    const newcomers = await UdpStream.start(lab, beginning);
    t.teardown(() => newcomers.stop());
    const pids = [engine.pid];
    for (const [change, version] of [
      [{}, '1.0.0'],
      [{ Firewall: firewallVersion2 }, '2.0.0'],
      [{}, '2.0.0'],
    ] as const) {
      const allowed = Number(await engine.client.read('fw.allowed'));
      const report = await engine.client.upgrade(change, { strategy: 'dual-main' });
      t.match(report, { strategy: 'dual-main', successor: { pid: engine.pid, node: process.version } });
      t.comment(`break ${report.breaks.map(({ breakNs }) => (breakNs / 1e6).toFixed(2))} ms`);
      t.notOk(pids.includes(engine.pid), 'it is another process');
      pids.push(engine.pid);
      t.ok(Number(await engine.client.read('fw.allowed')) >= allowed, 'counts go on');
      const firewall = (await engine.client.stats()).elements.find(({ element }) => element === 'fw');
      t.equal(firewall?.version, version);
      await untilForwarding(succession);
    }
    await until(() => pids.slice(0, -1).every((pid) => !runs(pid)));
    await until(async () => (await newcomers.report()).packets > begun);
    const dropped = await kernelDrops(lab, engine.client);
    for (const each of [stream, newcomers]) {
      const { lost, socketDrops, duplicated, reordered } = await each.stop();
      t.match({ duplicated, reordered }, { duplicated: 0, reordered: 0 });
      t.ok(lost <= dropped + socketDrops, `${lost} lost, ${dropped} + ${socketDrops} dropped by the kernel`);
    }
    t.equal(Number(await engine.client.read('fw.connections')), flows + begun, 'every flow is known');
    t.match((await engine.client.history()).at(-1), {
      revision: 4,
      status: 'committed',
      strategy: 'dual-main',
    });
  },
);

t.test(
  'it is refused where two processes cannot be open side by side, and the old one goes on',
  async (t) => {
    const succession = await startSuccession(t);
    const { engine } = succession;
    const { pid } = engine;
    const upgrade = (options: object) => engine.client.upgrade({}, { strategy: 'dual-main', ...options });
    await t.rejects(upgrade({ cold: true }), { code: 'HC_ARGUMENT' });
    const capture = join(succession.options.store!, '..', 'capture.pcap');
    const tapped = `RatedSource(RATE 10) -> ToDump(${capture}) -> Discard;`;
    const configuration = await readFile(succession.options.file, 'utf8');
    const { defines = {} } = succession.options;
    await engine.client.apply(`${configuration}\n${tapped}`, { defines });
    await t.rejects(upgrade({}), { message: /only one engine can have it/ });
    t.equal(engine.pid, pid);
    await untilForwarding(succession);
  },
);

t.test('it needs a store', async (t) => {
  const { engine } = await startSuccession(t, { hasStore: false });
  await t.rejects(engine.client.upgrade({}, { strategy: 'dual-main' }), { code: 'HC_STORE' });
});
