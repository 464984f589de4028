import t from 'tap';
import { diffGraphs } from '../graph/diff.ts';
import type { StateInfo } from '../graph/element-class.ts';
import { graphPlan, plannedActions, type RevisionDesign } from './revision.ts';
import { designWith } from './testing/fake-datapath.ts';

const actionsOf = (before: RevisionDesign, after: RevisionDesign) =>
  diffGraphs(
    before.graph,
    after.graph,
    (name) => before.classes.get(name)?.sha256 !== after.classes.get(name)?.sha256,
  );

function withStates(design: RevisionDesign, states: readonly StateInfo[]): RevisionDesign {
  const loaded = design.classes.get('Counter')!;
  const changed = { ...loaded, elementClass: { ...loaded.elementClass, states } };
  return { ...design, classes: new Map(design.classes).set('Counter', changed) };
}
const state = (name: string, kind: StateInfo['kind'], version = 1): StateInfo => ({
  name,
  kind,
  schema: { version, size: 8 * version, fields: [] },
});

t.test('a plan keeps what is unchanged and names the predecessor of what is replaced', (t) => {
  const [before, after] = [designWith('1'), designWith('2')];
  const plan = graphPlan(after, before, actionsOf(before, after));
  t.match(plan.nodes, [
    { name: 's', keep: true, inputs: 0, outputs: 1 },
    { name: 'c', keep: false, predecessor: 'c', library: 12 },
    { name: 'd', keep: true, inputs: 1, outputs: 0 },
  ]);
  t.same([...plan.edges], [0, 0, 1, 0, 1, 1, 0, 2, 0, 1]);
  t.end();
});

t.test('the first plan starts everything', (t) => {
  const design = designWith('1');
  const empty = { elements: [], connections: [], requirements: [] };
  const plan = graphPlan(
    design,
    undefined,
    diffGraphs(empty, design.graph, () => false),
  );
  t.same(
    plan.nodes.map(({ keep, predecessor }) => [keep, predecessor]),
    [
      [false, ''],
      [false, ''],
      [false, ''],
    ],
  );
  t.end();
});

t.test('each state is said to be mapped, adopted, converted, new or lost', (t) => {
  const before = withStates(designWith('1'), [
    state('totals', 'static'),
    state('flows', 'table'),
    state('wide', 'table', 1),
    state('gone', 'static'),
  ]);
  const after = withStates(designWith('2'), [
    state('totals', 'static'),
    state('flows', 'table'),
    state('wide', 'table', 2),
    state('fresh', 'section'),
  ]);
  const actions = plannedActions(actionsOf(before, after), after, before);
  const counter = actions.find(({ element }) => element === 'c');
  t.same(
    counter?.states.map(({ name, how }) => `${name} ${how}`),
    ['totals mapped', 'flows adopted', 'wide converted', 'fresh new', 'gone lost'],
  );
  t.same(actions.find(({ element }) => element === 's')?.states, [], 'a kept element touches nothing');
  t.end();
});
