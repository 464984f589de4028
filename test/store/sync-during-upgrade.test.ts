import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { Engine } from '../../engine/engine.ts';
import type { TableContents } from '../../engine/state/query.ts';
import { until } from '../upgrade/traffic.ts';

const flows = 2000;
const version2 = join(packageRoot, 'examples', 'firewall', 'v2', 'Firewall.cc');

/** A firewall that got one packet of each flow; `source` ends by itself. */
const configuration = (source: string) => `
  ${source} -> MarkIPHeader(14) -> [0]fw :: Firewall(allow udp, UDP_TIMEOUT 1h);
  fw[0] -> Discard; Idle -> [1]fw[1] -> Discard;`;
const source = `FastUDPFlows(50000, ${flows}, 60, 02:00:00:00:00:01, 10.0.0.1, 02:00:00:00:00:02, 10.0.0.2, ${flows}, 1)`;

async function connections(engine: Engine): Promise<string[]> {
  const lines = (await engine.read('fw.table')).trim().split('\n');
  return lines.map((line) => line.replace(/ expires.*/, '')).sort();
}

t.test('syncs that meet an upgrade write every page with the layout it has', async (t) => {
  const store = mkdtempSync(join(tmpdir(), 'hotclick-sync-'));
  t.teardown(() => rmSync(store, { recursive: true }));
  const engine = await Engine.start({
    configuration: configuration(source),
    store,
    syncInterval: 1,
    threads: 2,
  });
  t.teardown(() => engine.stop());
  await until(engine, 'fw.connections', flows);
  const known = await connections(engine);
  for (let round = 0; round < 10; ++round) {
    await engine.upgrade({ Firewall: version2 });
    t.equal(((await engine.stateGet('fw/connections')) as TableContents).matched, flows, `upgrade ${round}`);
    await engine.rollback();
    t.equal(((await engine.stateGet('fw/connections')) as TableContents).matched, flows, `rollback ${round}`);
  }
  await engine.stop();
  const restarted = await Engine.start({ configuration: configuration('Idle'), store, threads: 2 });
  t.teardown(() => restarted.stop());
  t.same(await connections(restarted), known, 'and a start restores them all');
});
