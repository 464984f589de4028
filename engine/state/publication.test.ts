import t from 'tap';
import type { PublishedBytes } from '../datapath/addon.ts';
import type { StateInfo } from '../graph/element-class.ts';
import type { Revision, RevisionDesign } from '../upgrade/revision.ts';
import { designWith } from '../upgrade/testing/fake-datapath.ts';
import { layoutOf, Publication } from './publication.ts';
import { schemaOf } from './testing/sample-state.ts';

const key = schemaOf(1, ['src', 'ip4', 4], ['port', 'port', 2]);
const flows = (version: number): StateInfo => ({
  name: 'flows',
  kind: 'table',
  key,
  schema: schemaOf(version, ['packets', 'u64', 8 * version]),
});
const totals: StateInfo = { name: 'totals', kind: 'section', schema: schemaOf(1, ['packets', 'u64', 8]) };

/** The design with a counter of that version, which has a table and a section. */
function withStates(version: number): RevisionDesign {
  const design = designWith(String(version));
  const counter = design.checked.byName.get('c')!;
  const states = [flows(version), totals];
  const elementClass = { ...counter.elementClass, version: `${version}.0.0`, states };
  const byName = new Map(design.checked.byName).set('c', { ...counter, elementClass });
  return { ...design, checked: { ...design.checked, byName } };
}

function published(revision: number, more: Partial<PublishedBytes> = {}): PublishedBytes {
  return {
    revision,
    more: false,
    stale: false,
    spentNs: 10,
    longestNs: 4,
    entries: [
      ['c', 'totals', 'section', 0, 0, 8],
      ['c', 'flows', 'table', 3, 8, 16],
    ],
    data: new Uint8Array(24),
    ...more,
  };
}

function publicationOf(answers: PublishedBytes[][], running = 1) {
  const designs = new Map([
    [100, withStates(1)],
    [101, withStates(2)],
  ]);
  const revision: Revision = { ...designs.get(99 + running)!, number: running };
  return new Publication({ publish: async (shard) => answers[shard]!.shift()! }, answers.length, {
    running: revision,
    design: (prepared) => designs.get(prepared),
  });
}

t.test('a value starts where the record in memory has it, at a multiple of 8 behind its header', (t) => {
  const { elementClass } = withStates(1).checked.byName.get('c')!;
  t.match(layoutOf(elementClass, flows(1)), { kind: 'table', valueOffset: 8, recordSize: 16 });
  t.match(layoutOf(elementClass, totals), { kind: 'section', valueOffset: 0, recordSize: 8 });
  t.end();
});

t.test('one collection asks every shard until it has no more', async (t) => {
  const publication = publicationOf([[published(100, { more: true }), published(100)], [published(100)]]);
  const state = await publication.collect();
  t.match(state, { revision: 1, shards: 2 });
  t.same(
    state.pages.map(({ shard, page }) => [shard, page]),
    [
      [0, 3],
      [0, 3],
      [1, 3],
    ],
  );
  t.equal(state.statics[0]?.element, 'Counter', 'a section belongs to the class');
  t.same(publication.stats, { spentNs: 30, longestNs: 4 });
});

t.test('while an upgrade rolls, every page has the layout of the version that published it', async (t) => {
  const publication = publicationOf([[published(101)], [published(100)]], 1);
  const { pages } = await publication.collect();
  t.same(
    pages.map(({ shard, layout }) => [shard, layout.classVersion, layout.recordSize]),
    [
      [0, '2.0.0', 24],
      [1, '1.0.0', 16],
    ],
  );
});

t.test('what no known design has is left out, and nothing runs before the first revision', async (t) => {
  const publication = publicationOf([[published(100, { entries: [['gone', 'flows', 'table', 0, 0, 8]] })]]);
  t.same((await publication.collect()).pages, []);
  const none = new Publication({ publish: () => Promise.reject(new Error('not asked')) }, 1, {
    running: undefined,
    design: () => undefined,
  });
  t.same(await none.collect(), { revision: 0, pages: [], statics: [] });
});
