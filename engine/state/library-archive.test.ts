import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import t from 'tap';
import { LibraryArchive } from './library-archive.ts';
import { StateStore } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'hotclick-archive-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));

function libraryFile(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content.repeat(20_000));
  return path;
}

t.test('a library comes back byte by byte, each time under a new path', async (t) => {
  const path = join(directory, 'store');
  const file = libraryFile('Counter.so', 'machine code ');
  const store = await StateStore.open(path);
  const sha256 = await new LibraryArchive(store).put(file, { className: 'Counter', version: '1.0.0' });
  t.equal(sha256, createHash('sha256').update(readFileSync(file)).digest('hex'));
  await store.close();
  await using again = await StateStore.open(path);
  const archive = new LibraryArchive(again);
  const target = join(directory, 'loaded', 'now');
  const copies = [await archive.get(sha256, target), await archive.get(sha256, target)];
  t.not(copies[0], copies[1]);
  for (const copy of copies) {
    t.equal(dirname(copy), target);
    t.ok(readFileSync(copy).equals(readFileSync(file)));
  }
});

t.test('equal content is stored once and listed under each of its names', async (t) => {
  await using store = await StateStore.open(join(directory, 'names'));
  const archive = new LibraryArchive(store);
  const file = libraryFile('a.so', 'a');
  const first = await archive.put(file, { className: 'Counter', version: '1.0.0' });
  const second = await archive.put(file, { className: 'Counter', version: '1.0.1' });
  const other = await archive.put(libraryFile('b.so', 'b'), { className: 'Counter2', version: '1.0.0' });
  t.equal(first, second);
  t.match(archive.list('Counter'), [{ version: '1.0.0' }, { version: '1.0.1' }]);
  t.equal(archive.list().length, 3);
  t.match(archive.find('Counter2', '1.0.0'), { sha256: other, bytes: 20_000 });
  t.equal(archive.find('Counter', '9.9.9'), undefined);
});

t.test('of two builds of a version the last one is found, and both can be had', async (t) => {
  await using store = await StateStore.open(join(directory, 'builds'));
  const archive = new LibraryArchive(store);
  const name = { className: 'Counter', version: '1.0.0' };
  const hashes = [
    await archive.put(libraryFile('x.so', 'x'), name),
    await archive.put(libraryFile('y.so', 'y'), name),
  ];
  t.equal(archive.find('Counter', '1.0.0')?.sha256, hashes[1]);
  for (const hash of hashes) t.ok(archive.has(hash));
});

t.test('what is not there is refused by name', async (t) => {
  await using store = await StateStore.open(join(directory, 'refused'));
  const archive = new LibraryArchive(store);
  const name = { className: 'Counter', version: '1.0.0' };
  await t.rejects(archive.put(join(directory, 'nothing.so'), name), {
    code: 'HC_LIBRARY',
    message: /nothing\.so/,
  });
  await t.rejects(archive.get('0'.repeat(64), directory), { code: 'HC_LIBRARY' });
  await t.rejects(archive.get('../../etc', directory), { code: 'HC_LIBRARY' });
  t.notOk(archive.has('0'.repeat(64)));
});
