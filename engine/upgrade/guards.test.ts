import t from 'tap';
import type { WatchOptions } from '../watch-types.ts';
import { fewestPackets, judge, type ShardFlow } from './guards.ts';

/** A second of 10,000 packets, all of which leave by the first output. */
function flow(shard: number, more: Partial<ShardFlow> = {}): ShardFlow {
  const packets = more.packets ?? 10_000;
  return {
    shard,
    seconds: 1,
    packets,
    busyNs: packets * 100,
    outputs: new Map([['fw[0]', packets]]),
    drops: new Map(),
    ...more,
  };
}
function tripped(
  before: ShardFlow[],
  now: ShardFlow[],
  changed = [0],
  limits: WatchOptions['guards'] = {},
): string[] {
  const readings = judge(before, now, changed, limits).filter((reading) => reading.tripped);
  return readings.map(({ guard, shard, what }) => `${guard} ${shard}${what === undefined ? '' : ` ${what}`}`);
}

t.test('what goes on as before trips nothing, with other shards and without', async (t) => {
  t.same(tripped([flow(0), flow(1)], [flow(0), flow(1)]), []);
  t.same(tripped([flow(0)], [flow(0, { packets: 9_000 })]), []);
});

t.test('packets dropped for a reason that was rare before', async (t) => {
  const drops = (count: number) => new Map([['fw: denied', count]]);
  const now = flow(0, { outputs: new Map([['fw[0]', 9_000]]), drops: drops(1000) });
  t.same(tripped([flow(0)], [now]), ['drops 0 fw: denied']);
  t.same(tripped([flow(0, { drops: drops(800) })], [now]), [], 'not when it was so before');
  t.same(
    tripped([flow(0), flow(1)], [now, flow(1, { drops: drops(900) })]),
    [],
    'nor when the other shards see it too',
  );
  t.same(tripped([flow(0)], [now], [0], { drops: 0.2 }), [], 'nor with a higher limit');
  t.same(tripped([flow(0)], [now], [0], { drops: 'off' }), []);
});

t.test('fewer packets than before, unless it has become quieter everywhere', async (t) => {
  const quiet = (shard: number) => flow(shard, { packets: 3000 });
  t.same(tripped([flow(0)], [quiet(0)]), ['throughput 0']);
  t.same(tripped([flow(0), flow(1)], [quiet(0), flow(1)]), ['throughput 0']);
  t.same(tripped([flow(0), flow(1)], [quiet(0), quiet(1)]), []);
  t.same(
    tripped([flow(0), flow(1)], [flow(0, { packets: 0 }), flow(1)]),
    ['throughput 0'],
    'none at all is a fall, not too few to say',
  );
});

t.test('packets that cost more than before and than in the other shards', async (t) => {
  const slow = (shard: number) => flow(shard, { busyNs: 10_000 * 400 });
  t.same(tripped([flow(0)], [slow(0)]), ['latency 0']);
  t.same(tripped([flow(0), flow(1)], [slow(0), slow(1)]), [], 'the machine is slow, not the version');
});

t.test('packets that leave by other ports than in the other shards', async (t) => {
  const other = (shard: number, share: number) =>
    flow(shard, {
      outputs: new Map([
        ['fw[0]', 10_000 * (1 - share)],
        ['fw[1]', 10_000 * share],
      ]),
    });
  t.match(tripped([flow(0), flow(1)], [other(0, 0.5), flow(1)]), [/^divergence 0 fw\[/]);
  t.same(tripped([other(0, 0.5), flow(1)], [other(0, 0.5), flow(1)]), [], 'flows differed all the time');
  t.match(tripped([flow(0)], [other(0, 0.5)]), [/^divergence 0/], 'alone it is compared with before');
});

t.test('too few packets say nothing', async (t) => {
  const few = fewestPackets - 1;
  t.same(judge([flow(0, { packets: few })], [flow(0)], [0]), []);
  t.same(
    judge([flow(0)], [flow(0, { packets: few })], [0]).map(({ guard }) => guard),
    ['throughput'],
  );
});
