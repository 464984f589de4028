import { join } from 'node:path';
import t from 'tap';
import { shardOf } from '../../engine/datapath/addon.ts';
import { Engine } from '../../engine/engine.ts';
import type { TableContents } from '../../engine/state/query.ts';
import { until } from '../upgrade/traffic.ts';

t.setTimeout(180_000);

const flows = 500;
const source = `FastUDPFlows(50000, ${flows}, 60, 02:00:00:00:00:01, 10.0.0.1, 02:00:00:00:00:02, 10.0.0.2, ${flows}, 1)`;
const configuration = (packets: string) => `
  ${packets} -> MarkIPHeader(14) -> [0]fw :: Firewall(allow udp, UDP_TIMEOUT 1h);
  fw[0] -> Discard; Idle -> [1]fw[1] -> Discard;`;

const address = (text: unknown) => Buffer.from(String(text).split('.').map(Number)).readUInt32LE();
const port = (number: unknown) => ((Number(number) & 255) << 8) | (Number(number) >> 8);

t.test('sums over shards stay after a restart with fewer, and then more', async (t) => {
  const store = join(t.testdir({}), 'store');
  const traffic = (limit: number) =>
    `InfiniteSource(LIMIT ${limit}) -> Queue(5) -> Unqueue -> c :: Counter -> out :: Discard;`;
  let total = 0;
  for (const threads of [4, 2, 3, 1, 2]) {
    const engine = await Engine.start({ configuration: traffic(0), store, threads });
    t.equal(Number(await engine.read('c.count')), total, `${threads} shards`);
    t.equal(Number(await engine.read('out.count')), total);
    await engine.apply(
      traffic(0).replace('InfiniteSource(LIMIT 0)', `fresh${threads} :: InfiniteSource(LIMIT 100)`),
    );
    total += 100;
    await until(engine, 'out.count', total);
    await engine.stop();
  }
});

t.test('after a restart with another number of shards every record is where its packets come', async (t) => {
  const store = join(t.testdir({}), 'store');
  const first = await Engine.start({ configuration: configuration(source), store, threads: 2 });
  await until(first, 'fw.connections', flows);
  await first.stop();
  for (const threads of [3, 1, 2]) {
    const engine = await Engine.start({ configuration: configuration('Idle'), store, threads });
    t.equal(await engine.read('fw.connections'), String(flows), `${threads} shards`);
    const { rows } = (await engine.stateGet('fw/connections', { limit: flows })) as TableContents;
    t.equal(rows.length, flows);
    const wrong = rows.filter(({ shard, key }) => {
      const { inside, outside, inside_port, outside_port, protocol } = key!;
      const tuple = [address(inside), address(outside), port(inside_port), port(outside_port)] as const;
      return shardOf(...tuple, Number(protocol), threads) !== shard;
    });
    t.same(wrong, []);
    await engine.stop();
  }
});
