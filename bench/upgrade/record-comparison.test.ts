import t from 'tap';
import { compareRecords } from './record-comparison.ts';

t.test('a record is kept when its key is there and its value is the same', async (t) => {
  const before = new Map([
    ['a', '1'],
    ['b', '2'],
    ['c', '3'],
  ]);
  const after = new Map([
    ['a', '1'],
    ['b', '9'],
    ['d', '4'],
  ]);
  t.same(compareRecords(before, after), { compared: 3, lost: 1, changed: 1 });
  t.same(compareRecords(before, before), { compared: 3, lost: 0, changed: 0 });
});
