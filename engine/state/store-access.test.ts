/** Directories that cannot be used, disks that are full, and engines that share a directory. Needs root. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { HotclickError } from '../errors.ts';
import { decodeStatic } from './decode.ts';
import { RevisionJournal } from './journal.ts';
import type { PublishedState } from './state-page.ts';
import { StateStore } from './store.ts';
import { freeBytes, storeFailure } from './store-error.ts';
import { counts, flowPage, flows } from './testing/sample-state.ts';

const self = fileURLToPath(import.meta.url);
const nobody = 65534;

/** The child that holds a store until it is killed. */
async function hold(directory: string): Promise<void> {
  const store = await StateStore.open(directory);
  await store.writeState({ revision: 1, pages: [], statics: [counts(7)] });
  process.stdout.write('held\n');
  setInterval(() => store.revisions(), 60_000);
}

/** Takes all the space that is left but `spare` bytes. */
function fill(path: string, spare = 0): void {
  const block = 4096;
  for (let i = 0; freeBytes(path) > spare; i++) {
    const size = Math.max(block, Math.floor((freeBytes(path) - spare) / block) * block);
    try {
      writeFileSync(join(path, `filler-${i}`), Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      return;
    }
  }
}

function emptyOut(path: string): void {
  for (let i = 0; existsSync(join(path, `filler-${i}`)); i++) rmSync(join(path, `filler-${i}`));
}

function interval(count: number, generation: number): PublishedState {
  return {
    revision: 1,
    pages: Array.from({ length: count }, (_, page) => flowPage(page, flows(page, generation))),
    statics: [counts(generation)],
  };
}

/** The generation of the last whole interval in the store. */
function generationOf(store: StateStore): number {
  for (const { layout, page, data } of store.loadState()) {
    if (page === undefined) return Number(decodeStatic(layout, data).accepted);
  }
  return 0;
}

/** The child that writes while the disk fills up and empties again. */
async function press(path: string, seedText: string): Promise<void> {
  let seed = Number(seedText);
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed >>> 8) % limit;
  };
  const outcomes = { written: 0, full: 0 };
  let stored = 0;
  let store = await StateStore.open(join(path, 'store'));
  for (let generation = 1; generation <= 150; generation++) {
    if (random(3) === 0) emptyOut(path);
    if (random(2) === 0) fill(path, random(2) * random(2 ** 20));
    try {
      await store.writeState(interval(random(3) === 0 ? random(500) : random(20), generation));
      stored = generation;
      outcomes.written++;
    } catch (error) {
      if (storeFailure(error) !== 'full') throw error;
      outcomes.full++;
    }
    if (generationOf(store) !== stored)
      throw new Error(`generation ${generationOf(store)} instead of ${stored}`);
    if (random(20) !== 0) continue;
    await store.close();
    store = await StateStore.open(join(path, 'store'));
  }
  await store.close();
  process.stdout.write(JSON.stringify(outcomes));
}

/** The child that tries to open a store and prints the reason why it cannot. */
async function attempt(directory: string): Promise<void> {
  try {
    await using store = await StateStore.open(directory);
    process.stdout.write(`opened ${store.directory}\n`);
  } catch (error) {
    process.stdout.write(`${error instanceof HotclickError ? storeFailure(error) : error}\n`);
  }
}

if (process.argv[2] === 'hold') await hold(process.argv[3] ?? '');
else if (process.argv[2] === 'attempt') {
  const user = process.argv[4];
  if (user !== undefined) {
    process.setgid?.(Number(user));
    process.setuid?.(Number(user));
  }
  await attempt(process.argv[3] ?? '');
} else if (process.argv[2] === 'press') await press(process.argv[3] ?? '', process.argv[4] ?? '');
else runTests();

function runTests(): void {
  if (process.getuid?.() !== 0) {
    t.fail('these tests mount file systems: run them as root, or in `unshare -Urm`');
    return;
  }
  t.setTimeout(300_000); // many of them start processes
  const directory = mkdtempSync(join(tmpdir(), 'hotclick-access-'));
  const mounted: string[] = [];
  t.teardown(() => {
    for (const path of mounted) execFileSync('umount', ['--lazy', path]);
    rmSync(directory, { recursive: true, force: true });
  });

  const mountSmall = (name: string, size: string) => {
    const path = join(directory, name);
    mkdirSync(path);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'hotclick-test', path]);
    mounted.push(path);
    return path;
  };

  t.test('a read-only file system is named as the reason', async (t) => {
    const path = mountSmall('read-only', '4m');
    const old = join(path, 'old');
    await (await StateStore.open(old)).close();
    execFileSync('mount', ['-o', 'remount,ro', path]);
    const refused = { code: 'HC_STORE', details: { reason: 'read-only' } };
    await t.rejects(StateStore.open(join(path, 'new')), refused);
    await t.rejects(StateStore.open(old), refused);
    await using reader = await StateStore.open(old, { readOnly: true });
    t.same(reader.revisions(), [], 'what is there can still be read');
  });

  t.test('missing permissions are named as the reason', async (t) => {
    const path = join(directory, 'locked');
    mkdirSync(path, { mode: 0o755 });
    chmodSync(directory, 0o755);
    // The child changes its user itself, once it has loaded the sources: others may not be able to read them.
    const run = (target: string) =>
      spawnSync(process.execPath, ['--import', 'tsx', self, 'attempt', target, String(nobody)], {
        encoding: 'utf8',
      });
    t.equal(run(path).stdout, 'permission\n', 'a directory of somebody else');
    t.equal(run(join(path, 'new')).stdout, 'permission\n', 'a directory that cannot be made');
  });

  t.test('a directory that is a file cannot be opened', async (t) => {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    await t.rejects(StateStore.open(path), { code: 'HC_STORE' });
  });

  t.test('on a full disk opening fails with that reason', async (t) => {
    const path = mountSmall('full', '2m');
    fill(path);
    await t.rejects(StateStore.open(join(path, 'store')), { code: 'HC_STORE', details: { reason: 'full' } });
    const seed = Date.now() >>> 0;
    t.comment(`seed ${seed}`);
    for (let i = 0; i < 12; i++) {
      const spare = 4096 * ((Math.imul(seed, i + 1) >>> 8) % 300);
      rmSync(join(path, 'store'), { recursive: true, force: true });
      emptyOut(path);
      fill(path, spare);
      const child = spawnSync(process.execPath, ['--import', 'tsx', self, 'attempt', join(path, 'store')], {
        encoding: 'utf8',
      });
      t.equal(child.signal, null, `${spare} bytes left, seed ${seed}`);
      t.match(child.stdout, /^(full|opened .*)\n$/, `${spare} bytes left, seed ${seed}`);
    }
  });

  t.test(
    'a disk that fills up loses no earlier transaction and is written again when there is room',
    async (t) => {
      const path = mountSmall('filling', '8m');
      const store = await StateStore.open(join(path, 'store'));
      await store.writeState(interval(100, 1));
      fill(path);
      let full = 0;
      for (let round = 2; round < 6; round++) {
        await store.writeState(interval(1000, round)).catch((error: unknown) => {
          if (storeFailure(error) !== 'full') throw error;
          full++;
        });
      }
      t.equal(full, 4);
      t.equal([...store.loadState()].length, 101, 'the first interval is there and whole');
      emptyOut(path);
      await store.writeState(interval(200, 9));
      t.equal([...store.loadState()].length, 201);
      await store.close();
      fill(path);
      await using again = await StateStore.open(join(path, 'store'));
      t.equal([...again.loadState()].length, 201);
    },
  );

  t.test('no amount of room that is left ends the process or tears a transaction', async (t) => {
    const path = mountSmall('pressed', '10m');
    const seed = Date.now() >>> 0;
    t.comment(`seed ${seed}`);
    const child = spawnSync(process.execPath, ['--import', 'tsx', self, 'press', path, String(seed)], {
      encoding: 'utf8',
    });
    t.equal(child.signal, null, `seed ${seed}: ${child.stderr}`);
    t.equal(child.stderr, '', `seed ${seed}: LMDB itself never met the full disk`);
    const { written, full } = JSON.parse(child.stdout) as { written: number; full: number };
    t.ok(written > 0 && full > 0, `seed ${seed}: ${written} written, ${full} refused`);
  });

  t.test('how a revision ended holds in the process and is written when there is room', async (t) => {
    const path = mountSmall('journal', '8m');
    await using store = await StateStore.open(join(path, 'store'));
    const journal = new RevisionJournal(store);
    const graph = { elements: [], connections: [], requirements: [] };
    const draft = {
      kind: 'upgrade',
      graphText: '',
      graph,
      libraries: {},
      strategy: 'swap',
      shards: 1,
    } as const;
    const { revision } = await journal.begin(draft);
    fill(path);
    const report = { log: 'x'.repeat(2 ** 21) };
    await t.rejects(journal.commit(revision, report), { code: 'HC_STORE', details: { reason: 'full' } });
    t.equal(journal.current()?.revision, revision);
    t.equal(new RevisionJournal(store).current(), undefined, 'it is not on the disk');
    emptyOut(path);
    t.match(
      await journal.begin(draft),
      { revision: revision + 1, parent: revision },
      'the next is not kept waiting',
    );
    t.match(new RevisionJournal(store).list(), [{ status: 'committed', report }, { status: 'pending' }]);
  });

  const startHolder = async (path: string): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['--import', 'tsx', self, 'hold', path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout)) if (line === 'held') break;
    return child;
  };

  t.test('a store that a living engine holds is refused; a killed one leaves it free', async (t) => {
    const path = join(directory, 'held');
    const child = await startHolder(path);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await t.rejects(StateStore.open(path), {
      code: 'HC_STORE',
      message: new RegExp(`held by process ${child.pid}`),
      details: { reason: 'held' },
    });
    const reader = await StateStore.open(path, { readOnly: true });
    t.equal([...reader.loadState()].length, 1, 'reading is free');
    await reader.close();
    child.kill('SIGKILL');
    await ended;
    t.match(readFileSync(join(path, 'owner.json'), 'utf8'), `"pid":${child.pid}`, 'it left its name behind');
    await using store = await StateStore.open(path);
    t.equal([...store.loadState()].length, 1);
  });

  t.test('a name left behind does not hold the store, even when its pid lives again', async (t) => {
    const path = join(directory, 'stale');
    await (await StateStore.open(path)).close();
    t.notMatch(readFileSync(join(path, 'owner.json'), 'utf8'), 'pid', 'an orderly end leaves no name');
    const first = await StateStore.open(path);
    const mine = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')) as Record<string, unknown>;
    await first.close();
    for (const stale of [{ startTime: '1' }, { bootId: 'another' }, { pid: 2 ** 22 + 1 }, { pid: 'x' }]) {
      writeFileSync(join(path, 'owner.json'), JSON.stringify({ ...mine, ...stale }));
      await (await StateStore.open(path)).close();
    }
    writeFileSync(join(path, 'owner.json'), '{"pid":');
    await using store = await StateStore.open(path);
    await t.rejects(StateStore.open(path), {
      details: { reason: 'held' },
      code: 'HC_STORE',
      message: /this process/,
    });
    t.equal(store.directory, path);
  });

  t.test('of engines that start at the same time one gets the store', async (t) => {
    const path = join(directory, 'race');
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => StateStore.open(path)));
    const opened = results.filter((result) => result.status === 'fulfilled');
    t.equal(opened.length, 1);
    for (const result of opened) await result.value.close();
  });
}
