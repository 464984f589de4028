import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { decodePage, decodeStatic } from './decode.ts';
import { listStates } from './query.ts';
import { StateStore } from './store.ts';
import { counts, flow, flowLayout2, flowPage, flows } from './testing/sample-state.ts';

function storeDirectory(test: { teardown(fn: () => void): void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'hotclick-store-'));
  test.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'store');
}

/** Everything as text: state, shard, page or '-', and the packets or accepted counter of each record. */
function contents(store: StateStore, revision?: number): string[] {
  return Array.from(store.loadState(revision), ({ address, layout, page, data }) => {
    const values =
      page === undefined
        ? [decodeStatic(layout, data).accepted]
        : decodePage(layout, page, data).map(({ slot, value }) => `${slot}:${value.packets}`);
    return `${address.state}.${address.shard}.${page ?? '-'} ${values.join(' ')}`;
  }).sort();
}

t.test('what was written is loaded again, also after closing', async (t) => {
  const directory = storeDirectory(t);
  const store = await StateStore.open(directory);
  const pages = [flowPage(0, [flow(0, 7), flow(63, 8)]), flowPage(5, [flow(320, 9)], 1)];
  await store.writeState({ revision: 1, pages, statics: [counts(10), counts(11, 0, 1)] });
  const expected = ['counts.0.- 10', 'counts.1.- 11', 'flows.0.0 0:7 63:8', 'flows.1.5 320:9'];
  t.same(contents(store), expected);
  await store.close();
  const again = await StateStore.open(directory);
  t.same(contents(again), expected);
  t.same(
    again.revisions().map(({ revision, writes }) => ({ revision, writes })),
    [{ revision: 1, writes: 1 }],
  );
  await again.close();
});

t.test('a later write replaces a page, and an empty page removes it', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  await store.writeState({
    revision: 1,
    pages: [flowPage(0, [flow(0, 1)]), flowPage(1, [flow(64, 1)])],
    statics: [],
  });
  await store.writeState({ revision: 1, pages: [flowPage(0, [flow(0, 2)]), flowPage(1, [])], statics: [] });
  t.same(contents(store), ['flows.0.0 0:2']);
});

t.test('each revision keeps the state as it was when it ended', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  const write = (revision: number, packets: number, page = 0) =>
    store.writeState({
      revision,
      pages: [flowPage(page, [flow(page * 64, packets)])],
      statics: [counts(packets)],
    });
  await write(1, 1);
  await write(1, 2);
  await write(2, 3);
  await write(3, 4, 1);
  t.same(contents(store, 1), ['counts.0.- 2', 'flows.0.0 0:2']);
  t.same(contents(store, 2), ['counts.0.- 3', 'flows.0.0 0:3']);
  t.same(contents(store, 3), ['counts.0.- 4', 'flows.0.0 0:3', 'flows.0.1 64:4']);
  t.same(contents(store), contents(store, 3));
  t.throws(() => contents(store, 4), { code: 'HC_STORE', details: { reason: 'pruned' } });
});

t.test('pruning keeps the last revisions whole and forgets the others', async (t) => {
  await using store = await StateStore.open(storeDirectory(t), { keepRevisions: 2 });
  await store.writeState({
    revision: 1,
    pages: [flowPage(0, [flow(0, 1)]), flowPage(1, [flow(64, 1)])],
    statics: [],
  });
  await store.writeState({ revision: 2, pages: [flowPage(0, [flow(0, 2)])], statics: [] });
  t.equal(await store.pruneRevisions(), 0, 'nothing to prune yet');
  await store.writeState({ revision: 3, pages: [flowPage(0, [flow(0, 3)]), flowPage(1, [])], statics: [] });
  await store.writeState({ revision: 4, pages: [flowPage(0, [flow(0, 4)])], statics: [] });
  const before = [contents(store, 3), contents(store, 4)];
  t.equal(await store.pruneRevisions(), 4, 'page 0 of 1 and 2, page 1 of 1 and the mark that it ended');
  t.same([contents(store, 3), contents(store, 4)], before);
  t.throws(() => contents(store, 2), { code: 'HC_STORE', details: { reason: 'pruned' } });
  t.same(
    store.revisions().map(({ revision }) => revision),
    [3, 4],
  );
});

t.test('a complete write ends everything that it does not hold, in this revision only', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  await store.writeState({
    revision: 1,
    pages: [flowPage(0, flows(0, 1)), flowPage(9, flows(9, 1))],
    statics: [counts(1)],
  });
  await store.writeState(
    { revision: 2, pages: [flowPage(3, [flow(192, 5)])], statics: [] },
    { complete: true },
  );
  t.same(contents(store), ['flows.0.3 192:5']);
  t.equal(contents(store, 1).length, 3);
});

t.test('pages of an older layout are decoded by the layout they were written with', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  await store.writeState({
    revision: 1,
    pages: [flowPage(0, [flow(0, 1)]), flowPage(1, [flow(64, 2)])],
    statics: [],
  });
  const converted = flowPage(1, [flow(64, 3, { logged: 4 })], 0, flowLayout2);
  await store.writeState({ revision: 2, pages: [converted], statics: [] });
  const rows = Array.from(
    store.loadState(),
    ({ layout, page, data }) => decodePage(layout, page ?? 0, data)[0]?.value,
  );
  t.match(rows, [{ packets: 1 }, { packets: 3, logged: 4 }]);
  t.notOk('logged' in (rows[0] ?? {}));
  t.match(listStates(store), [{ classVersion: '2.0.0', olderPages: 1, records: 2 }]);
});

t.test('equal layouts are stored once whatever object they come in', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  const copy = structuredClone(flowLayout2);
  t.equal(store.catalog.layoutId(copy), store.catalog.layoutId(flowLayout2));
});

t.test('an iteration sees the state as it was when it started', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  const pages = [0, 1, 2].map((page) => flowPage(page, [flow(page * 64, 1)]));
  await store.writeState({ revision: 1, pages, statics: [] });
  const iteration = store.loadState();
  const packets: unknown[] = [];
  for (const { layout, page, data } of iteration) {
    packets.push(decodePage(layout, page ?? 0, data)[0]?.value.packets);
    const changed = [0, 1, 2].map((changedPage) => flowPage(changedPage, [flow(changedPage * 64, 2)]));
    await store.writeState({ revision: 1, pages: changed, statics: [] });
  }
  t.same(packets, [1, 1, 1]);
});

t.test('a reader sees what a live engine has written', async (t) => {
  const directory = storeDirectory(t);
  await using store = await StateStore.open(directory);
  await store.writeState({ revision: 1, pages: [], statics: [counts(1)] });
  await using reader = await StateStore.open(directory, { readOnly: true });
  t.same(contents(reader), ['counts.0.- 1']);
  await t.rejects(reader.writeState({ revision: 2, pages: [], statics: [counts(2)] }), {
    code: 'HC_STORE',
    details: { reason: 'read-only' },
  });
  await store.writeState({ revision: 2, pages: [flowPage(0, [flow(0, 2)])], statics: [counts(2)] });
  t.same(contents(reader), ['counts.0.- 2', 'flows.0.0 0:2'], 'with states that are new to it');
});

t.test('numbers that no key can hold are refused', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  const bad = { code: 'HC_ARGUMENT' };
  await t.rejects(store.writeState({ revision: -1, pages: [], statics: [] }), bad);
  await t.rejects(store.writeState({ revision: 1, pages: [], statics: [counts(1, 0, 70000)] }), bad);
  await t.rejects(StateStore.open(store.directory, { keepRevisions: 0 }), bad);
});

t.test('a closed store says so', async (t) => {
  const store = await StateStore.open(storeDirectory(t));
  await store.close();
  await store.close();
  await t.rejects(store.writeState({ revision: 1, pages: [], statics: [counts(1)] }), {
    code: 'HC_STORE',
    details: { reason: 'closed' },
  });
  t.throws(() => contents(store), { code: 'HC_STORE', details: { reason: 'closed' } });
});

t.test('the store can be read by its owner only', async (t) => {
  await using store = await StateStore.open(storeDirectory(t));
  t.equal(statSync(store.directory).mode & 0o077, 0);
  t.equal(statSync(join(store.directory, 'data.mdb')).mode & 0o077, 0);
});
