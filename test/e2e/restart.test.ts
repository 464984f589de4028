/** The strategy restart under traffic: another process goes on with every connection. */
import t from 'tap';
import { Downloads } from '../../bench/lab/downloads.ts';
import { runs } from '../../bench/lab/engine-process.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { firewallVersion2, until } from './laboratory.ts';
import { connectionPorts, flows, startSuccession, untilForwarding } from './succession.ts';

t.setTimeout(180_000);

for (const cold of [false, true]) {
  t.test(
    `another process runs the new version${cold ? ', begun when the old one has stopped' : ''}`,
    async (t) => {
      const succession = await startSuccession(t);
      const { engine, stream, lab } = succession;
      await using downloads = await Downloads.start(lab, { connections: 5, rate: 1_000_000 });
      const ports = await connectionPorts(succession);
      const old = engine.pid;
      const steps: string[] = [];
      const report = await engine.client.upgrade(
        { Firewall: firewallVersion2 },
        { strategy: 'restart', cold, onStep: ({ step }) => steps.push(step) },
      );
      const order = cold ? ['quiesce', 'final', 'prepare', 'go'] : ['prepare', 'quiesce', 'final', 'go'];
      t.same(steps.slice(-4), order, 'every phase is told');
      t.match(report, { strategy: 'restart', revision: 2, parent: 1, successor: { node: process.version } });
      t.equal(report.successor?.pid, engine.pid, 'the report names the process');
      t.not(engine.pid, old);
      await until(() => !runs(old));
      t.same(
        report.breaks.map(({ shard }) => shard),
        [0, 1],
      );
      t.ok(
        report.breaks.every(({ breakNs }) => breakNs > 0),
        `break ${JSON.stringify(report.breaks)}`,
      );
      await untilForwarding(succession);
      t.same(await connectionPorts(succession), ports, 'every connection is known');
      const firewall = (await engine.client.stats()).elements.find(({ element }) => element === 'fw');
      t.equal(firewall?.version, '2.0.0');
      const history = await engine.client.history();
      t.match(history, [
        { revision: 1, status: 'committed', current: false },
        { revision: 2, status: 'committed', strategy: 'restart', kind: 'upgrade', current: true },
      ]);
      t.ok((await engine.client.rollback()).revision === 3, 'and it can be rolled back');
      await until(async () => (await downloads.report()).alive === 5);
      t.match(
        await downloads.stop(),
        { complete: 5, corrupted: 0 },
        'TCP sends again what was lost meanwhile',
      );
      t.match(await stream.stop(), { duplicated: 0, reordered: 0 });
    },
  );
}

t.test('what was forwarded last is in the state of the next process too', async (t) => {
  const succession = await startSuccession(t);
  const { engine, lab } = succession;
  // Every packet of the first seconds begins a flow.
  const begun = 20_000;
  const beginning = { rate: 2000, flows: begun, port: 9001, sourcePort: 30_000, rawTo: lab.server.mac };
  const newcomers = await UdpStream.start(lab, beginning);
  t.teardown(() => newcomers.stop());
  for (let times = 0; times < 2; ++times) {
    await engine.client.upgrade({}, { strategy: 'restart' });
    const { packets } = await newcomers.report();
    t.ok(packets < begun, `${packets} flows have begun`);
    t.ok(Number(await engine.client.read('fw.connections')) >= flows + packets);
  }
});
