import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type RevisionDraft, RevisionJournal } from './journal.ts';
import { StateStore } from './store.ts';
import { counts } from './testing/sample-state.ts';

const directory = mkdtempSync(join(tmpdir(), 'hotclick-journal-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));

const draft: RevisionDraft = {
  kind: 'start',
  graphText: 'a :: Idle -> b :: Discard;',
  graph: {
    elements: [
      { name: 'a', className: 'Idle', args: [], argPositions: [] },
      { name: 'b', className: 'Discard', args: [], argPositions: [] },
    ],
    connections: [{ from: { element: 'a', port: 0 }, to: { element: 'b', port: 0 } }],
    requirements: [],
  },
  libraries: { Idle: { version: '1.0.0', sha256: 'a'.repeat(64) } },
  strategy: 'swap',
  shards: 2,
};

let stores = 0;
async function freshStore(): Promise<StateStore> {
  return StateStore.open(join(directory, `store-${stores++}`));
}

t.test('a revision is pending until it is committed, and then current', async (t) => {
  await using store = await freshStore();
  const journal = new RevisionJournal(store);
  t.equal(journal.current(), undefined);
  const first = await journal.begin({ ...draft, author: 'operator' });
  t.match(first, { revision: 1, parent: null, status: 'pending', steps: [], author: 'operator' });
  t.equal(journal.current(), undefined);
  await journal.step(1, 'prepared');
  await journal.step(1, 'rolled:0');
  const report = { shards: [{ shard: 0, breakTime: 3.2 }] };
  t.match(await journal.commit(1, report), { status: 'committed', steps: ['prepared', 'rolled:0'], report });
  t.match(journal.current(), {
    revision: 1,
    graph: draft.graph,
    libraries: draft.libraries,
    graphText: draft.graphText,
  });
  t.match(await journal.begin({ ...draft, kind: 'upgrade' }), { revision: 2, parent: 1 });
});

t.test('what was undone or failed never becomes current', async (t) => {
  await using store = await freshStore();
  const journal = new RevisionJournal(store);
  await journal.commit((await journal.begin(draft)).revision);
  await journal.fail((await journal.begin({ ...draft, kind: 'upgrade' })).revision, 'it does not compile');
  await journal.undo((await journal.begin({ ...draft, kind: 'apply' })).revision, 'the canary crashed', {
    drops: 3,
  });
  t.equal(journal.current()?.revision, 1);
  t.match(journal.list(), [
    { revision: 1, status: 'committed' },
    { revision: 2, status: 'failed', reason: 'it does not compile', parent: 1 },
    { revision: 3, status: 'undone', reason: 'the canary crashed', report: { drops: 3 }, parent: 1 },
  ]);
  t.match(await journal.begin(draft), { revision: 4, parent: 1 });
});

t.test('one revision at a time', async (t) => {
  await using store = await freshStore();
  const journal = new RevisionJournal(store);
  const both = await Promise.allSettled([journal.begin(draft), journal.begin(draft)]);
  t.same(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  await t.rejects(journal.begin(draft), { code: 'HC_UPGRADE_BUSY' });
});

t.test('an ended revision cannot be changed, and one that is not there neither', async (t) => {
  await using store = await freshStore();
  const journal = new RevisionJournal(store);
  const { revision } = await journal.begin(draft);
  const results = await Promise.allSettled([journal.commit(revision), journal.undo(revision, 'too late')]);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  await t.rejects(journal.step(revision, 'rolled:1'), { code: 'HC_ARGUMENT', message: /already committed/ });
  await t.rejects(journal.commit(77), { code: 'HC_ARGUMENT', message: /not in the journal/ });
});

t.test('numbers go on after the last revision of journal and state', async (t) => {
  await using store = await freshStore();
  await store.writeState({ revision: 9, pages: [], statics: [counts(1)] });
  t.equal((await new RevisionJournal(store).begin(draft)).revision, 10);
});

t.test('recovery finishes what all shards had rolled to and undoes the rest', async (t) => {
  for (const [steps, status] of [
    [[], 'undone'],
    [['prepared'], 'undone'],
    [['prepared', 'rolled:0'], 'undone'],
    [['prepared', 'rolled:0', 'rolled:0'], 'undone'],
    [['prepared', 'rolled:0', 'rolled:1'], 'committed'],
  ] as const) {
    const store = await freshStore();
    const journal = new RevisionJournal(store);
    await journal.commit((await journal.begin(draft)).revision);
    const { revision } = await journal.begin({ ...draft, kind: 'upgrade' });
    for (const step of steps) await journal.step(revision, step);
    const path = store.directory;
    await store.close();
    await using again = await StateStore.open(path);
    const recovered = new RevisionJournal(again);
    t.match(
      await recovered.recover(),
      [{ revision, status, reason: /the engine was killed/ }],
      steps.join(' '),
    );
    t.equal(recovered.current()?.revision, status === 'committed' ? revision : 1);
    t.same(await recovered.recover(), [], 'nothing is left to recover');
  }
});

t.test('the oldest revisions are forgotten, but not the one that runs', async (t) => {
  await using store = await freshStore();
  const journal = new RevisionJournal(store, 3);
  const numbers = () => journal.list().map(({ revision }) => revision);
  for (let revision = 1; revision <= 4; ++revision)
    await journal.commit((await journal.begin(draft)).revision);
  t.same(numbers(), [2, 3, 4]);
  for (let revision = 5; revision <= 8; ++revision)
    await journal.fail((await journal.begin(draft)).revision, 'it does not compile');
  t.same(numbers(), [4, 6, 7, 8]);
  t.match(await journal.begin(draft), { revision: 9, parent: 4 });
  t.match(new RevisionJournal(store, 3).current(), { revision: 4 });
});
