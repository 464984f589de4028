import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { withStore } from '../../engine/cli/stored-state.ts';
import { Engine } from '../../engine/index.ts';
import type { TableContents } from '../../engine/state/query.ts';
import {
  checkIntact,
  example,
  firewallDevices,
  firewallVersion2,
  kernelDrops,
  packets,
  shortDirectory,
  startEngine,
  until,
} from './laboratory.ts';

t.setTimeout(180_000);

const flows = 64;

/** A file system of its own, of so many MiB. */
async function smallDisk(t: Test, mebibytes: number): Promise<string> {
  const directory = join(await shortDirectory(t), 'disk');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]);
  t.teardown(() => execFileSync('umount', [directory]));
  return directory;
}

/** Writes a file that takes all the space there is. */
function fill(directory: string): string {
  const path = join(directory, 'filler');
  const file = openSync(path, 'w');
  try {
    for (const size of [1 << 20, 4096]) {
      for (const block = Buffer.alloc(size); ; ) {
        if (writeSync(file, block) < size) break;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
  return path;
}

t.test(
  'a disk that is full is said and survived: packets pass, upgrades are refused, and all is written once there is space',
  async (t) => {
    const lab = await NetworkLab.create({ mode: 'bridge' });
    t.teardown(() => lab[Symbol.asyncDispose]());
    const disk = await smallDisk(t, 8);
    const store = join(disk, 'store');
    const engine = await startEngine(t, {
      ...example('firewall.click', firewallDevices(lab)),
      threads: 2,
      store,
    });
    const told: (string | undefined)[] = [];
    engine.on('store', ({ error }) => told.push(error));
    const stream = await UdpStream.start(lab, { rate: 5000, flows });
    t.teardown(() => stream.stop());
    await packets(stream, 2000);
    await engine.sync();
    t.equal((await engine.stats()).store?.error, undefined);

    const filler = fill(disk);
    await until(() => told.find((error) => error !== undefined));
    t.match(told.at(-1), /full|space/i);
    t.match((await engine.stats()).store?.error, /full|space/i);
    await t.rejects(engine.sync(), { code: 'HC_STORE', message: /full|space/i });
    await t.rejects(engine.stateList(), { code: 'HC_STORE' });
    await t.rejects(engine.upgrade({ Firewall: firewallVersion2 }), { code: 'HC_STORE' });
    t.equal(engine.revision, 1);
    await stream.mark('after the refusal');
    await packets(stream, 2000);

    rmSync(filler);
    await until(() => told.at(-1) === undefined);
    t.equal((await engine.stats()).store?.error, undefined);
    const { matched } = (await engine.stateGet('fw/connections')) as TableContents;
    t.ok(matched >= flows, 'nothing that came while the disk was full is missing');
    t.match(await engine.upgrade({ Firewall: firewallVersion2 }), { breaks: [{ shard: 0 }, { shard: 1 }] });
    t.same(
      (await engine.history()).filter(({ status }) => status === 'pending'),
      [],
    );
    await engine.rollback();
    await packets(stream, 5000);
    checkIntact(t, await stream.stop(), await kernelDrops(lab, engine));
    await engine.stop();
    const kept = await withStore(store, (source) => source.stateGet('fw/connections'));
    t.ok((kept as TableContents).matched >= flows);
  },
);

t.test(
  'an engine whose disk is full until the end stops all the same, and starts again with what had been written',
  async (t) => {
    const disk = await smallDisk(t, 8);
    const store = join(disk, 'store');
    const configuration = 'RatedSource(RATE 1000) -> count :: Counter -> Discard';
    const first = await startEngine(t, { configuration, store });
    await until(async () => Number(await first.read('count.count')) > 100);
    await first.sync();
    const written = Number(await first.read('count.count'));
    const filler = fill(disk);
    await until(async () => (await first.stats()).store?.error !== undefined);
    await first.stop();
    await t.rejects(Engine.start({ configuration, store }), { code: 'HC_STORE', message: /full|space/i });
    rmSync(filler);
    const second = await startEngine(t, { configuration, store });
    t.ok(Number(await second.read('count.count')) > 100, `${written} had been counted`);
  },
);

t.test('a store on a read-only file system is refused by name; its state can still be read', async (t) => {
  const disk = await smallDisk(t, 8);
  const store = join(disk, 'store');
  const configuration = 'RatedSource(RATE 1000) -> count :: Counter -> Discard';
  const engine = await startEngine(t, { configuration, store });
  await until(async () => Number(await engine.read('count.count')) > 100);
  await engine.stop();
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  await t.rejects(Engine.start({ configuration, store }), { code: 'HC_STORE', message: /read-only/i });
  const states = await withStore(store, (source) => source.stateList());
  t.match(states, [{ element: 'count', state: 'counts' }]);
  execFileSync('mount', ['-o', 'remount,rw', disk]);
  const again = await startEngine(t, { configuration, store });
  t.ok(Number(await again.read('count.count')) > 100);
});
