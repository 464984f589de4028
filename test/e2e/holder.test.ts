/** kill -9 of an engine whose devices and memory a holder has: the next engine goes on with every record. */
import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { EngineProcess, runs } from '../../bench/lab/engine-process.ts';
import { HolderClient } from '../../engine/holder/holder-client.ts';
import type { TableContents } from '../../engine/state/query.ts';
import { firewallVersion2, until } from './laboratory.ts';
import { flows, type Succession, startSuccession, untilForwarding } from './succession.ts';

t.setTimeout(240_000);

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
t.comment(`SEED=${seed}`);
let state = seed;
/** A whole number from 0 to below `end`. */
function random(end: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return Math.floor((state / 0x8000_0000) * end);
}

async function startHeld(t: Test, options: { readonly hasStore: boolean }): Promise<Succession> {
  const succession = await startSuccession(t, { ...options, holder: true });
  const path = succession.options.holder!;
  t.teardown(() => HolderClient.connect(path)?.stop());
  return succession;
}

/** Every record with its values, by its key. */
async function records({ engine }: Succession): Promise<Map<string, unknown>> {
  const { rows } = (await engine.client.stateGet('fw/connections')) as TableContents;
  return new Map(rows.map(({ key, value, shard }) => [JSON.stringify(key), { value, shard }]));
}

t.test('every record is there, compared one by one, whatever the store had', async (t) => {
  const succession = await startHeld(t, { hasStore: true });
  await succession.stream.stop();
  const before = await records(succession);
  t.equal(before.size, flows);
  await succession.engine.kill();
  await rm(succession.options.store!, { recursive: true });
  await succession.start();
  t.same(await records(succession), before);
});

t.test('killed again and again under traffic and in the middle of upgrades, without a store', async (t) => {
  const succession = await startHeld(t, { hasStore: false });
  const outcomes = { during: 0, between: 0 };
  for (let round = 0; round < 12; ++round) {
    const { client } = succession.engine;
    let upgrading: Promise<unknown> = Promise.resolve();
    if (round % 2 === 0) {
      const strategy = round % 4 === 0 ? 'swap' : 'thread';
      const version = (await client.stats()).elements.find(({ element }) => element === 'fw')?.version;
      upgrading = (
        version === '1.0.0'
          ? client.upgrade({ Firewall: firewallVersion2 }, { strategy })
          : client.rollback({ strategy })
      ).then(
        () => ++outcomes.between,
        () => ++outcomes.during,
      );
    }
    await delay(random(120));
    const allowed = Number(await client.read('fw.allowed'));
    await succession.engine.kill();
    await upgrading;
    await succession.start();
    const after = succession.engine.client;
    t.equal(await after.read('fw.connections'), `${flows}`, `round ${round}: every connection is there`);
    t.ok(Number(await after.read('fw.allowed')) >= allowed, `round ${round}: and every count`);
    t.match(
      (await after.history()).filter(({ status }) => status === 'pending'),
      [],
      `round ${round}: no revision is pending`,
    );
    await untilForwarding(succession);
  }
  t.comment(`upgrades: ${JSON.stringify(outcomes)}`);
  const { duplicated, reordered } = await succession.stream.stop();
  t.equal(duplicated, 0, 'no packet is handled twice');
  t.equal(reordered, 0);
});

t.test(
  'core and process are replaced while a holder keeps what they have, and a crash comes after',
  async (t) => {
    const succession = await startHeld(t, { hasStore: false });
    const { client } = succession.engine;
    for (let times = 0; times < 6; ++times)
      t.match(await client.upgrade({}, { strategy: 'core' }), { strategy: 'core', revision: 2 + times });
    t.ok((await client.upgrade({}, { strategy: 'handover' })).successor);
    await succession.engine.reconnect();
    await succession.engine.kill();
    await succession.start();
    t.equal(await succession.engine.client.read('fw.connections'), `${flows}`);
    const { lost, duplicated, reordered } = await succession.stream.stop();
    t.match({ duplicated, reordered }, { duplicated: 0, reordered: 0 }, `${lost} lost while nothing ran`);
  },
);

t.test('the holder keeps what it has for one engine at a time, and ends with it', async (t) => {
  const succession = await startHeld(t, { hasStore: false });
  const { engine, options } = succession;
  const holder = HolderClient.connect(options.holder!)!;
  t.teardown(() => holder.close());
  const { pid, engine: owner, files } = holder.status();
  t.equal(owner, engine.pid);
  t.ok(files > 0);
  const other = EngineProcess.start({ ...options, control: join(`${options.control}2`) });
  await t.rejects(other, { message: /HC_HOLDER|which runs/ }, 'a second engine is refused');
  await engine[Symbol.asyncDispose]();
  t.equal(holder.status().files, 0, 'a clean end leaves nothing');
  await until(() => !runs(pid));
  await succession.start();
  t.not(HolderClient.connect(options.holder!)?.status().pid, pid, 'the next engine has a new one');
});

t.test('what does not fit is told, and the store is used', async (t) => {
  const succession = await startHeld(t, { hasStore: true });
  await succession.stream.stop();
  const before = await records(succession);
  await succession.engine.kill();
  succession.engine = await EngineProcess.start({ ...succession.options, threads: 1 });
  const after = await records(succession);
  t.same([...after.keys()].sort(), [...before.keys()].sort());
  t.match(succession.engine.said, /cannot be used/);
});
