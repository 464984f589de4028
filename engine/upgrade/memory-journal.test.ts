import t from 'tap';
import type { RevisionDraft } from '../state/journal.ts';
import { MemoryJournal } from './memory-journal.ts';

const draft: RevisionDraft = {
  kind: 'upgrade',
  graphText: '',
  graph: { elements: [], connections: [], requirements: [] },
  libraries: {},
  strategy: 'swap',
  shards: 1,
};

t.test(
  'revisions are numbered, and the newest committed one is current and the parent of the next',
  async (t) => {
    const journal = new MemoryJournal();
    t.equal(journal.current(), undefined);
    const first = await journal.begin(draft);
    t.match(first, { revision: 1, parent: null, status: 'pending' });
    await journal.step(1, 'prepared');
    await journal.commit(1, { breaks: [] });
    t.match(journal.current(), {
      revision: 1,
      status: 'committed',
      steps: ['prepared'],
      report: { breaks: [] },
    });
    t.match(await journal.begin(draft), { revision: 2, parent: 1 });
    await journal.fail(2, 'no space');
    t.match(journal.get(2), { status: 'failed', reason: 'no space' });
    t.equal(journal.current()?.revision, 1);
    t.match(await journal.begin(draft), { revision: 3, parent: 1 });
    await journal.undo(3, 'taken back');
    t.same(
      journal.list().map(({ status }) => status),
      ['committed', 'failed', 'undone'],
    );
    t.throws(() => journal.step(9, 'prepared'), { code: 'HC_INTERNAL' });
  },
);

t.test('the oldest revisions are forgotten, but not the one that runs', async (t) => {
  const journal = new MemoryJournal([], 3);
  const numbers = () => journal.list().map(({ revision }) => revision);
  for (let revision = 1; revision <= 4; ++revision) {
    await journal.begin(draft);
    await journal.commit(revision);
  }
  t.same(numbers(), [2, 3, 4]);
  for (let revision = 5; revision <= 8; ++revision) {
    await journal.begin(draft);
    await journal.fail(revision, 'no space');
  }
  t.same(numbers(), [4, 6, 7, 8]);
  t.match(await journal.begin(draft), { revision: 9, parent: 4 });
});
