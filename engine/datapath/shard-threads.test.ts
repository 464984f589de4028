import { availableParallelism } from 'node:os';
import t from 'tap';
import { Engine } from '../engine.ts';
import { createControlPages, ShardThreads } from './shard-threads.ts';

const configuration = 'RatedSource(RATE 20000) -> c :: Counter -> Discard;';

t.test('a CPU that is not there is an error of the argument, and nothing is left running', async (t) => {
  await t.rejects(Engine.start({ configuration, cpus: [9999] }), {
    code: 'HC_ARGUMENT',
    message: /there is no CPU 9999/,
  });
  await t.rejects(Engine.start({ configuration, threads: 2, cpus: [0, 1023] }), { code: 'HC_ARGUMENT' });
  t.notOk(process.getActiveResourcesInfo().includes('Worker'));
});

t.test('shards can be bound to CPUs, and their pages tell that they turn', async (t) => {
  const engine = await Engine.start({ configuration, threads: 2, cpus: [0, availableParallelism() - 1] });
  t.teardown(() => engine.stop());
  const rounds = async () => (await engine.stats()).shards.map((shard) => shard.rounds);
  const before = await rounds();
  while ((await rounds()).some((n, shard) => n === before[shard]))
    await new Promise((go) => setImmediate(go));
  t.match((await engine.stats()).shards, [{ shard: 0 }, { shard: 1 }]);
});

t.test('a thread that ends by itself is a failure, and stopping does not wait for it', async (t) => {
  const threads = new ShardThreads(createControlPages(1));
  // No engine has this number, so the thread's first call throws.
  const engine = { id: 4_000_000_000, stop: () => {} };
  await t.rejects(threads.start(engine, 1, []), { code: 'HC_INTERNAL', message: /no such shard/ });
  t.match(await threads.failed, { message: /no such shard/ });
  await threads.stop(engine);
});
