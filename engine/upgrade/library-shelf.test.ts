import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { HotclickError } from '../errors.ts';
import { LibraryShelf } from './library-shelf.ts';
import { FakeDatapath } from './testing/fake-datapath.ts';

async function openShelf(t: Test) {
  const datapath = new FakeDatapath();
  const shelf = await LibraryShelf.open(datapath);
  t.teardown(() => shelf.close());
  const directory = t.testdir({ 'one.so': 'content one', 'two.so': 'content two' });
  return { datapath, shelf, one: join(directory, 'one.so'), two: join(directory, 'two.so') };
}

t.test('a content is loaded once, whatever its file is called', async (t) => {
  const { datapath, shelf, one } = await openShelf(t);
  const again = `${one}.copy.so`;
  copyFileSync(one, again);
  const loaded = await shelf.load(one, 'Counter');
  t.equal(await shelf.load(again, 'Counter'), loaded);
  t.equal(datapath.calls.length, 1);
  t.match(loaded, { className: 'Counter', library: 100, sha256: /^[0-9a-f]{64}$/ });
});

t.test('what is not used any more is unloaded, what is stays', async (t) => {
  const { datapath, shelf, one, two } = await openShelf(t);
  const kept = await shelf.load(one);
  await shelf.load(two);
  shelf.unloadAllBut([kept]);
  t.same(datapath.calls.slice(2), ['unload 101']);
  shelf.unloadAllBut([kept]);
  t.equal(datapath.calls.length, 3);
});

t.test('a library comes back by its content after its file has changed or gone', async (t) => {
  const { shelf, one } = await openShelf(t);
  const first = await shelf.load(one);
  writeFileSync(one, 'something else');
  shelf.unloadAllBut([]);
  t.match(await shelf.reload('Counter', first), { sha256: first.sha256 });
  rmSync(one);
  shelf.unloadAllBut([]);
  t.match(await shelf.reload('Counter', first), { sha256: first.sha256 });
});

t.test('errors name the file and keep their code', async (t) => {
  const { datapath, shelf, one } = await openShelf(t);
  await t.rejects(shelf.load(one, 'Queue'), {
    code: 'HC_LIBRARY',
    message: /one\.so holds the class Counter, not Queue/,
  });
  shelf.unloadAllBut([]);
  datapath.loadLibrary = () => {
    throw new HotclickError('HC_STATE_DECLARATION', "it has mutable static data: 'calls'");
  };
  await t.rejects(shelf.load(one), {
    code: 'HC_STATE_DECLARATION',
    message: /one\.so: it has mutable static/,
  });
  await t.rejects(shelf.load(`${one}.gone`), { code: 'HC_LIBRARY', message: /cannot be read: ENOENT/ });
  await t.rejects(shelf.reload('Counter', { version: '1.0.0', sha256: 'ab'.repeat(32) }), {
    code: 'HC_LIBRARY',
    message: /not in the store/,
  });
});

t.test('closing removes the copies', async (t) => {
  const { datapath, shelf, one } = await openShelf(t);
  await shelf.load(one);
  const copy = datapath.calls[0]!.replace('load ', '');
  t.ok(existsSync(copy));
  await shelf.close();
  t.notOk(existsSync(copy));
});
