import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { encodeStatic } from './decode.ts';
import { diffRevisions, listRevisions, parseRevision } from './history-query.ts';
import { RevisionJournal } from './journal.ts';
import { getTable, listStates } from './query.ts';
import { StateStore } from './store.ts';
import { counts, countsLayout, flow, flowLayout2, flowPage, flows } from './testing/sample-state.ts';

const directory = mkdtempSync(join(tmpdir(), 'hotclick-query-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
const store = await StateStore.open(join(directory, 'store'));
t.teardown(() => store.close());

const nat = {
  element: 'nat',
  state: 'counts',
  shard: 0,
  layout: countsLayout,
  data: encodeStatic(countsLayout, { accepted: 5 }),
};
await store.writeState({
  revision: 1,
  pages: [flowPage(0, flows(0, 1)), flowPage(1, [flow(64, 1), flow(65, 1)], 1)],
  statics: [counts(1), counts(2, 0, 1), nat],
});
await store.writeState({
  revision: 2,
  pages: [
    flowPage(0, [...flows(0, 1).slice(1, 63), flow(63, 900, { logged: 1 })], 0, flowLayout2),
    flowPage(1, [flow(64, 1), flow(65, 1), flow(66, 1)], 1),
  ],
  statics: [counts(10), nat],
});

t.test('states are listed with what is in them', async (t) => {
  const states = listStates(store);
  t.match(states, [
    { element: 'fw', state: 'counts', kind: 'static', shards: [0, 1], records: 2, bytes: 32, olderPages: 0 },
    {
      element: 'fw',
      state: 'flows',
      kind: 'table',
      className: 'Firewall',
      classVersion: '2.0.0',
      records: 66,
      olderPages: 1,
    },
    { element: 'nat', state: 'counts', shards: [0], records: 1 },
  ]);
  t.equal(states[1]?.schema.version, 2);
  t.match(listStates(store, 1)[1], { classVersion: '1.0.0', records: 66, olderPages: 0 });
});

t.test('a table is read by its name, filtered, limited, and as it was', async (t) => {
  const all = getTable(store, 'fw/flows');
  t.equal(all.matched, 66);
  t.equal(all.rows.length, 66);
  t.match(all.rows[0], {
    shard: 0,
    slot: 1,
    key: { src: '10.0.0.1', dst: '192.0.2.1' },
    value: { packets: 1 },
  });
  const filtered = getTable(store, 'fw/flows', { filter: 'packets>100 && src in 10.0.0.0/24' });
  t.match(filtered, { matched: 1, rows: [{ slot: 63, value: { packets: 900, logged: 1 } }] });
  const limited = getTable(store, 'fw/flows', { filter: 'shard=1', limit: 2 });
  t.equal(limited.matched, 3);
  t.equal(limited.rows.length, 2);
  t.equal(getTable(store, 'fw/flows', { filter: 'packets=900', revision: 1 }).matched, 0);
});

t.test('a field of the newer layout filters the pages that have it', async (t) => {
  t.equal(getTable(store, 'fw/flows', { filter: 'logged=1' }).matched, 1);
  t.equal(getTable(store, 'fw/flows', { filter: 'logged!=1' }).matched, 62);
});

t.test('a static state has one row for each shard', async (t) => {
  t.match(getTable(store, 'fw/counts').rows, [
    { shard: 0, value: { accepted: 10, rejected: 0 } },
    { shard: 1, value: { accepted: 2 } },
  ]);
});

t.test('the element alone is enough where it has one state', async (t) => {
  t.match(getTable(store, 'nat'), { element: 'nat', state: 'counts', matched: 1 });
  t.throws(() => getTable(store, 'fw'), { code: 'HC_ARGUMENT', message: /fw\/counts, fw\/flows/ });
  t.throws(() => getTable(store, 'lb'), { code: 'HC_ARGUMENT', hint: /nat\/counts/ });
  t.throws(() => getTable(store, 'fw/flows', { filter: 'colour=red' }), {
    code: 'HC_ARGUMENT',
    hint: /sport/,
  });
});

t.test('a diff tells which records came, went and changed, and how', async (t) => {
  const diff = diffRevisions(store, 1, 2);
  t.match(diff, { from: 1, to: 2, added: 1, removed: 1 });
  const change = (slot: number) =>
    diff.changes.find(({ key }) => key?.src === `10.0.0.${slot}` && key.sport === 1024 + slot);
  t.match(change(66), {
    element: 'fw',
    state: 'flows',
    shard: 1,
    change: 'added',
    fields: { packets: { before: null, after: 1 } },
  });
  t.match(change(0), { change: 'removed', fields: { packets: { before: 1, after: null } } });
  t.match(change(63), {
    change: 'changed',
    fields: {
      packets: { before: 1, after: 900 },
      octets: { before: 1500, after: 1350000 },
      logged: { before: null, after: 1 },
    },
  });
  t.same(change(64), undefined, 'what is equal is not listed');
  t.match(
    diff.changes.filter(({ state }) => state === 'counts'),
    [{ element: 'fw', shard: 0, change: 'changed', fields: { accepted: { before: 1, after: 10 } } }],
  );
  const back = diffRevisions(store, 2, 1, 3);
  t.match(back, { added: 1, removed: 1, changed: diff.changed });
  t.equal(back.changes.length, 3);
  t.same(diffRevisions(store, 2, 2).changes, []);
  t.throws(() => diffRevisions(store, 1, 3), { code: 'HC_STORE', details: { reason: 'pruned' } });
});

t.test('history joins the journal with the state that is kept', async (t) => {
  const journal = new RevisionJournal(store);
  const graph = { elements: [], connections: [], requirements: [] };
  const draft = { kind: 'apply', graphText: '', graph, libraries: {}, strategy: 'swap', shards: 1 } as const;
  const { revision } = await journal.begin({ ...draft, author: 'operator' });
  await journal.fail(revision, 'refused');
  t.match(listRevisions(store, journal.list()), [
    { revision: 1, records: 66 + 3 },
    { revision: 2, records: 66 + 3 },
    { revision: 3, kind: 'apply', status: 'failed', author: 'operator', reason: 'refused' },
  ]);
});

t.test('a revision is a whole number', async (t) => {
  t.equal(parseRevision('12'), 12);
  t.throws(() => parseRevision('HEAD'), { code: 'HC_ARGUMENT' });
});

t.test('versions side by side: both versions of a state under its name, each with its own', async (t) => {
  const both = await StateStore.open(`${t.testdir({})}/store`);
  t.teardown(() => both.close());
  await both.writeState({
    revision: 2,
    pages: [
      { ...flowPage(0, [flow(1)], 0, flowLayout2), element: 'fw' },
      { ...flowPage(0, [flow(2), flow(3)]), element: 'fw~1' },
    ],
    statics: [],
  });
  t.match(listStates(both), [
    { element: 'fw', classVersion: '2.0.0', records: 1 },
    { element: 'fw~1', classVersion: '1.0.0', records: 2 },
  ]);
  const { element, rows, matched } = getTable(both, 'fw/flows');
  t.same([element, matched], ['fw', 3]);
  t.same(
    rows.map(({ version }) => version),
    ['2.0.0', '1.0.0', '1.0.0'],
  );
  t.match(getTable(both, 'fw~1'), { element: 'fw~1', matched: 2 });
  await both.endElement('fw~1');
  t.equal(getTable(both, 'fw').rows.length, 1);
  t.throws(() => getTable(both, 'fw~1'), { code: 'HC_ARGUMENT' });
  t.equal(listStates(both).length, 1);
});
