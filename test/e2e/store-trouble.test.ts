import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { NetworkLab } from '../../bench/lab/network-lab.ts';
import { UdpStream } from '../../bench/lab/udp-stream.ts';
import { withStore } from '../../engine/cli/stored-state.ts';
import { Engine, type HotclickError } from '../../engine/index.ts';
import type { TableContents } from '../../engine/state/query.ts';
import {
  checkIntact,
  example,
  firewallDevices,
  firewallVersion2,
  kernelDrops,
  packets,
  until,
} from './laboratory.ts';

t.setTimeout(180_000);

const flows = 64;
/** Records enough to outgrow the room that a store keeps. */
const many = 30_000;

/** A file system of its own, of 8 MiB. */
class SmallDisk implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'hotclick-disk-'));
  readonly store = join(this.path, 'store');

  constructor() {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', this.path]);
  }
  remount(mode: 'ro' | 'rw'): void {
    execFileSync('mount', ['-o', `remount,${mode}`, this.path]);
  }
  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.path]);
    rmdirSync(this.path);
  }
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
  'a full disk is said and survived: packets pass, and all is written once there is space',
  async (t) => {
    using disk = new SmallDisk();
    await using lab = await NetworkLab.create({ mode: 'bridge' });
    const { store } = disk;
    await using engine = await Engine.start({
      ...example('firewall.click', firewallDevices(lab)),
      threads: 2,
      store,
    });
    const told: (string | undefined)[] = [];
    engine.on('store', ({ error }) => told.push(error));
    await using stream = await UdpStream.start(lab, { rate: 2000, flows });
    await packets(stream, 1000);
    await engine.sync();
    t.equal((await engine.stats()).store?.error, undefined);

    const filler = fill(disk.path);
    await using crowd = await UdpStream.start(lab, {
      rate: 10_000,
      flows: many,
      port: 9001,
      sourcePort: 25_000,
      // One socket for all flows.
      rawTo: lab.server.mac,
    });
    await until(() => told.find((error) => error !== undefined));
    t.match(told.at(-1), /full|space/i);
    t.match((await engine.stats()).store?.error, /full|space/i);
    await t.rejects(engine.sync(), { code: 'HC_STORE', message: /full|space/i });
    // The room that the store keeps may be enough for an upgrade; what is not done is refused.
    const upgraded = await engine.upgrade({ Firewall: firewallVersion2 }).then(
      () => true,
      ({ code }: HotclickError) => t.equal(code, 'HC_STORE') && false,
    );
    t.equal(engine.revision, upgraded ? 2 : 1);
    await until(async () => Number(await engine.read('fw.connections')) >= flows + many);
    await stream.mark('after the refusal');
    await packets(stream, 1000);

    rmSync(filler);
    await until(() => told.at(-1) === undefined);
    t.equal((await engine.stats()).store?.error, undefined);
    const { matched } = (await engine.stateGet('fw/connections', { limit: 1 })) as TableContents;
    t.ok(matched >= flows + many, `${matched} records: nothing that came while the disk was full is missing`);
    if (upgraded) await engine.rollback();
    t.match(await engine.upgrade({ Firewall: firewallVersion2 }), { breaks: [{ shard: 0 }, { shard: 1 }] });
    const history = await engine.history();
    t.notOk(history.find(({ status }) => status === 'pending'));
    await engine.rollback();
    await packets(stream, 2000);
    t.match(await crowd.stop(), { duplicated: 0, reordered: 0 });
    checkIntact(t, await stream.stop(), await kernelDrops(lab, engine));
    await engine.stop();
    const kept = await withStore(store, (source) => source.stateGet('fw/connections', { limit: 1 }));
    t.ok((kept as TableContents).matched >= flows + many);
  },
);

t.test(
  'an engine whose disk is full to the end stops, and starts again with what had been written',
  async (t) => {
    using disk = new SmallDisk();
    const { store } = disk;
    const source = `FastUDPFlows(20000, -1, 60, 02:00:00:00:00:01, 10.0.0.1, 02:00:00:00:00:02, 10.0.0.2, ${many}, 1)`;
    const firewall =
      'MarkIPHeader(14) -> [0]fw :: Firewall(allow udp); fw[0] -> Discard; Idle -> [1]fw[1] -> Discard';
    {
      await using first = await Engine.start({ configuration: `${source} -> ${firewall}`, store });
      await until(async () => Number(await first.read('fw.connections')) > 1000);
      await first.sync();
      const filler = fill(disk.path);
      await until(async () => (await first.stats()).store?.error !== undefined);
      await first.stop();
      rmSync(filler);
    }
    await using second = await Engine.start({ configuration: `Idle -> ${firewall}`, store });
    t.ok(Number(await second.read('fw.connections')) > 1000);
  },
);

t.test('a store on a read-only file system is refused by name; its state can still be read', async (t) => {
  using disk = new SmallDisk();
  const options = {
    configuration: 'RatedSource(RATE 1000) -> count :: Counter -> Discard',
    store: disk.store,
  };
  {
    await using engine = await Engine.start(options);
    await until(async () => Number(await engine.read('count.count')) > 100);
  }
  disk.remount('ro');
  await t.rejects(Engine.start(options), { code: 'HC_STORE', message: /read-only/i });
  const counts = await withStore(disk.store, (source) => source.stateGet('count/counts'));
  t.equal((counts as TableContents).rows.length, 1);
  disk.remount('rw');
  await using again = await Engine.start(options);
  t.ok(Number(await again.read('count.count')) > 100);
});
