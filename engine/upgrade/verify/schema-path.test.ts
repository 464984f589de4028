import t from 'tap';
import type { ElementClass, FieldInfo, StateInfo } from '../../graph/element-class.ts';
import { counterClass } from '../testing/fake-datapath.ts';
import { schemaPath } from './schema-path.ts';

const field = (name: string, type = 'u32', offset = 0): FieldInfo => ({ name, type, offset, size: 4 });

function state(version: number, fields: readonly FieldInfo[], more: Partial<StateInfo> = {}): StateInfo {
  return { name: 'flows', kind: 'table', schema: { version, size: 16, fields }, ...more };
}
function version(number: string, ...states: StateInfo[]): ElementClass {
  return { ...counterClass, version: number, states };
}

t.test('fields of equal name are a way in both directions, and what a rollback loses is told', async (t) => {
  const one = version('1.0.0', state(1, [field('packets')]));
  const two = version('2.0.0', state(2, [field('packets', 'u64'), field('bytes', 'u64', 8)]));
  const path = schemaPath(one, two);
  t.same(path.refusals, []);
  t.same(path.warnings, [
    "Counter, state 'flows': no down_to(1): a rollback carries fields of equal name over and loses 'bytes'",
  ]);
  t.same(schemaPath(two, one), { refusals: [], warnings: [] });
});

t.test('a down_to answers for the way back', async (t) => {
  const one = version('1.0.0', state(1, [field('seen')]));
  const two = version('2.0.0', state(2, [field('seen', 'ether')], { up: [1], down: [1] }));
  t.same(schemaPath(one, two), { refusals: [], warnings: [] });
  t.same(schemaPath(two, one), { refusals: [], warnings: [] });
});

t.test('a way up that cannot be gone down is said before it is gone', async (t) => {
  const one = version('1.0.0', state(1, [field('seen')]));
  const two = version('2.0.0', state(2, [field('seen', 'ether')], { up: [1] }));
  t.match(schemaPath(one, two).warnings, [/field 'seen' is another type there: it cannot be rolled back/]);
  t.match(schemaPath(two, one).refusals, [/field 'seen' is another type .* there is no down_to\(1\)/]);
});

t.test('what cannot become the new state is refused with the reason', async (t) => {
  const one = version('1.0.0', state(1, [field('packets')], { key: { version: 1, size: 4, fields: [] } }));
  const cases: [StateInfo, RegExp][] = [
    [state(1, [field('packets')], { kind: 'static' }), /is a table and would become a static/],
    [state(1, [field('packets')]), /its key changed/],
    [{ ...state(1, [field('other')]), key: one.states[0]!.key! }, /layout changed but the schema version 1/],
    [{ ...state(2, [field('packets', 'ip4')]), key: one.states[0]!.key! }, /there is no up_from\(1\)/],
  ];
  for (const [after, reason] of cases) {
    t.match(schemaPath(one, version('2.0.0', after)).refusals, [reason]);
  }
});

t.test('a state without a place in the new version is lost, which is told', async (t) => {
  const one = version('1.0.0', state(1, [field('packets')]));
  t.match(schemaPath(one, version('2.0.0')), {
    refusals: [],
    warnings: [/version 2.0.0 has no such state, it is lost/],
  });
});
