import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RevisionDraft } from './journal.ts';
import type { RestoredEngine } from './restore.ts';
import { StateStore } from './store.ts';
import { StoreSession } from './store-session.ts';
import { counts, flowLayout2, flowPage, flows } from './testing/sample-state.ts';

const draft: RevisionDraft = {
  kind: 'start',
  graphText: '',
  graph: { elements: [], connections: [], requirements: [] },
  libraries: {},
  strategy: 'swap',
  shards: 1,
};

/** Notes what the shards are given. */
class FakeShards implements RestoredEngine {
  readonly statics: string[] = [];
  readonly tables: { shard: number; name: string; version: number; pages: number[]; isPart: boolean }[] = [];
  restoreStatic(shard: number, name: string): void {
    this.statics.push(`${shard} ${name}`);
  }
  restoreTable(
    ...[shard, name, , { version }, numbers, , isPart]: Parameters<RestoredEngine['restoreTable']>
  ): void {
    this.tables.push({ shard, name, version, pages: [...numbers], isPart });
  }
}

/** A store with a page of two shards each, as an engine with that number leaves it. */
async function storeOfTwoShards(t: Test, pages = [flowPage(4, flows(4), 0), flowPage(9, flows(9), 1)]) {
  const directory = join(t.testdir({}), 'store');
  const first = await StoreSession.open(directory);
  await first.journal.begin({ ...draft, shards: 2 });
  await first.journal.step(1, 'rolled:0');
  await first.journal.step(1, 'rolled:1');
  await first.close();
  const store = await StateStore.open(directory);
  await store.writeState({ revision: 1, shards: 2, pages, statics: [counts(1, 0, 0), counts(2, 0, 1)] });
  await store.close();
  const session = await StoreSession.open(directory);
  t.teardown(() => session.close());
  return session;
}

t.test('with the same number of shards every page goes back where it was', async (t) => {
  const session = await storeOfTwoShards(t);
  const before = await session.recover();
  t.match(before, { revision: 1, status: 'committed' }, 'all shards had rolled, so it is finished');
  const shards = new FakeShards();
  t.match(session.restore(shards, 2, before!), {
    moved: false,
    tables: [{ element: 'fw', state: 'flows', records: 128 }],
  });
  t.match(shards.tables, [
    { shard: 0, name: 'fw/flows', pages: [4], isPart: false },
    { shard: 1, pages: [9] },
  ]);
  t.same(shards.statics.sort(), ['0 fw/counts', '1 fw/counts']);
});

t.test('with another number records move, and static values go to shards that stay', async (t) => {
  const session = await storeOfTwoShards(t);
  const before = await session.recover();
  const one = new FakeShards();
  t.match(session.restore(one, 1, before!), { moved: true });
  t.same(one.statics, ['0 fw/counts']);
  t.match(one.tables, [{ shard: 0, pages: [0, 1] }]);
  const three = new FakeShards();
  session.restore(three, 3, before!);
  t.ok(three.tables.every(({ pages }) => pages[0] === 0));
});

t.test(
  'an engine killed between its first revision and its first sync: the state still knows its shards',
  async (t) => {
    const session = await storeOfTwoShards(t);
    await session.recover();
    // It started with one shard, and died before it could write the records where they are now.
    const { revision } = await session.journal.begin({ ...draft, shards: 1 });
    await session.journal.commit(revision);
    const before = await session.recover();
    t.match(before, { revision: 2, shards: 1 });
    const shards = new FakeShards();
    t.match(session.restore(shards, 1, before!), { moved: true });
    t.match(shards.tables, [{ shard: 0, pages: [0, 1] }]);
  },
);

t.test('a table in the middle of a conversion is given in both layouts, in pages of their own', async (t) => {
  const pages = [flowPage(0, flows(0), 0), flowPage(1, flows(1), 0, flowLayout2), flowPage(0, flows(0), 1)];
  const session = await storeOfTwoShards(t, pages);
  const before = await session.recover();
  const same = new FakeShards();
  session.restore(same, 2, before!);
  t.ok(same.tables.every(({ isPart }) => isPart));
  t.same(same.tables.map(({ shard, version, pages: numbers }) => [shard, version, ...numbers]).sort(), [
    [0, 1, 0],
    [0, 2, 1],
    [1, 1, 0],
  ]);
  const one = new FakeShards();
  session.restore(one, 1, before!);
  t.same(one.tables.flatMap(({ pages: numbers }) => numbers).sort(), [0, 1, 2], 'no page number twice');
});

t.test('a revision that not all shards had reached is undone, and the one before goes on', async (t) => {
  const session = await storeOfTwoShards(t);
  await session.recover();
  await session.journal.begin({ ...draft, kind: 'upgrade', shards: 2 });
  await session.journal.step(2, 'rolled:0');
  t.match(await session.recover(), { revision: 1 });
  t.match(session.journal.get(2), { status: 'undone', reason: /1 of 2 shards/ });
});
