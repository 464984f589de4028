/** Files that LMDB must never see: every one has to end in HC_STORE, none in a signal. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import t from 'tap';
import { HotclickError } from '../errors.ts';
import { StateStore } from './store.ts';
import { counts, flowPage, flows } from './testing/sample-state.ts';

const self = fileURLToPath(import.meta.url);
const foreign = { code: 'HC_STORE', details: { reason: 'foreign' } };
const corrupt = { code: 'HC_STORE', details: { reason: 'corrupt' } };

async function buildStore(directory: string): Promise<void> {
  await using store = await StateStore.open(directory);
  for (let revision = 1; revision <= 3; revision++) {
    const pages = Array.from({ length: 40 }, (_, page) => flowPage(page, flows(page, revision)));
    await store.writeState({ revision, pages, statics: [counts(revision)] });
  }
}

/** Opens a damaged store and reads all of it; a refusal is as good as success. */
async function tryStore(directory: string): Promise<void> {
  try {
    await using store = await StateStore.open(directory);
    for (const { data } of store.loadState())
      if (data.length > 1 << 20) throw new Error('a value of impossible size');
  } catch (error) {
    if (!(error instanceof HotclickError)) throw error;
  }
}

/** The child: damages copies of a store in the way its arguments say and tries to open each. */
async function damage(original: string, directory: string, seedText: string, rounds: number): Promise<void> {
  let seed = Number(seedText);
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed % limit;
  };
  const good = readFileSync(join(original, 'data.mdb'));
  for (let round = 0; round < rounds; round++) {
    const bytes = Buffer.from(good);
    const at = random(2) === 0 ? random(bytes.length) : 4096 * random(bytes.length / 4096) + random(64);
    const length = Math.min(1 + random(random(3) === 0 ? 4096 : 8), bytes.length - at);
    for (let i = 0; i < length; i++) bytes[at + i] = random(256);
    const copy = join(directory, `copy-${round}`);
    mkdirSync(copy, { recursive: true });
    writeFileSync(join(copy, 'data.mdb'), random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
    await tryStore(copy);
    rmSync(copy, { recursive: true });
  }
}

if (process.argv[2] === 'damage') {
  const [original = '', directory = '', seed = '', rounds = ''] = process.argv.slice(3);
  await damage(original, directory, seed, Number(rounds));
  process.exit(0);
}

t.setTimeout(300_000);
const directory = mkdtempSync(join(tmpdir(), 'hotclick-damage-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
const original = join(directory, 'original');
await buildStore(original);

function directoryWith(name: string, data: Uint8Array | string): string {
  const path = join(directory, name);
  mkdirSync(path);
  writeFileSync(join(path, 'data.mdb'), data);
  return path;
}

t.test('a file that is not of LMDB is foreign', async (t) => {
  for (const [name, data] of [
    ['text', 'this is a diary\n'.repeat(1000)],
    ['short', 'x'],
    ['zeros', new Uint8Array(8192)],
  ] as const) {
    await t.rejects(StateStore.open(directoryWith(name, data)), foreign, name);
    await t.rejects(
      StateStore.open(join(directory, name), { readOnly: true }),
      foreign,
      `${name}, to be read`,
    );
  }
});

t.test('a file of the LMDB 0.9 that distributions ship is foreign, and says so', async (t) => {
  const page = Buffer.alloc(2 * 4096);
  for (const at of [0, 4096]) {
    page.writeBigUInt64LE(BigInt(at / 4096), at);
    page.writeUInt16LE(0x08, at + 10); // P_META, in a page header of 16 bytes
    page.writeUInt32LE(0xbeefc0de, at + 16);
    page.writeUInt32LE(1, at + 20);
    page.writeBigUInt64LE(1n << 20n, at + 32);
    page.writeUInt32LE(4096, at + 40);
    page.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, at + 40 + 40);
    page.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, at + 88 + 40);
    page.writeBigUInt64LE(1n, at + 136);
  }
  await t.rejects(StateStore.open(directoryWith('old', page)), { ...foreign, message: /LMDB 0\.9/ });
});

t.test('another data version is foreign', async (t) => {
  const data = readFileSync(join(original, 'data.mdb'));
  data.writeUInt32LE(3, 28);
  await t.rejects(StateStore.open(directoryWith('version-3', data)), {
    ...foreign,
    message: /data version 3/,
  });
});

t.test('an LMDB database of another program is foreign and left as it was', async (t) => {
  const path = join(directory, 'other');
  const other = open({ path, noSubdir: false, pageSize: 4096 });
  await other.put('name', 'value');
  await other.openDB({ name: 'mine' }).put('name', 'value');
  await other.close();
  const before = readFileSync(join(path, 'data.mdb'));
  await t.rejects(StateStore.open(path), foreign);
  await t.rejects(StateStore.open(path, { readOnly: true }), foreign);
  t.ok(readFileSync(join(path, 'data.mdb')).equals(before));
  await t.rejects(StateStore.open(path), foreign, 'and it can be asked again');
});

t.test('a store of a later format is refused', async (t) => {
  const path = join(directory, 'later');
  mkdirSync(path);
  copyFileSync(join(original, 'data.mdb'), join(path, 'data.mdb'));
  const root = open({ path, noSubdir: false });
  await root
    .openDB({ name: 'hotclick', encoding: 'json' })
    .put('format', { format: 'hotclick-store', version: 2 });
  await root.close();
  await t.rejects(StateStore.open(path), { ...foreign, message: /format 2/ });
});

t.test('a file that was cut short is corrupt, wherever it was cut', async (t) => {
  const whole = readFileSync(join(original, 'data.mdb'));
  for (const length of [40, 100, 4096, 8191, 8192, 12288, whole.length >> 2, whole.length >> 1]) {
    const path = directoryWith(`cut-${length}`, whole.subarray(0, length));
    await t.rejects(StateStore.open(path), corrupt, `${length} of ${whole.length} bytes`);
  }
});

t.test('pages that were overwritten are found', async (t) => {
  const data = readFileSync(join(original, 'data.mdb'));
  data.fill(0x55, 2 * 4096);
  await t.rejects(StateStore.open(directoryWith('overwritten', data)), corrupt);
});

t.test('a directory or a device in the place of the file is foreign', async (t) => {
  const path = join(directory, 'strange');
  mkdirSync(join(path, 'data.mdb'), { recursive: true });
  await t.rejects(StateStore.open(path), foreign);
});

t.test('an empty file is a new store', async (t) => {
  const path = directoryWith('empty', '');
  await using store = await StateStore.open(path);
  t.same(store.revisions(), []);
});

t.test('there is nothing to read where no store is', async (t) => {
  const missing = { code: 'HC_STORE', details: { reason: 'missing' } };
  await t.rejects(StateStore.open(join(directory, 'nowhere'), { readOnly: true }), missing);
});

t.test('no damage at random places ends the process', async (t) => {
  const seed = Date.now() >>> 0;
  const rounds = 300;
  t.comment(`seed ${seed}`);
  const child = spawnSync(
    process.execPath,
    ['--import', 'tsx', self, 'damage', original, join(directory, 'random'), String(seed), String(rounds)],
    { encoding: 'utf8' },
  );
  t.equal(child.signal, null, `seed ${seed}: ${child.stderr}`);
  t.equal(child.status, 0, `seed ${seed}: ${child.stderr}`);
});
