import t from 'tap';
import { placeApart } from './placement.ts';

t.test('the generator has the first CPU, the shards the last ones, the sink what is left', async (t) => {
  t.same(placeApart(2, 4), { generator: 0, sink: 1, shards: [3, 2] });
  t.same(placeApart(1, 2), { generator: 0, sink: 0, shards: [1] });
  t.same(placeApart(2, 2), { generator: 0, sink: 0, shards: [1, 0] });
  t.same(placeApart(3, 1), { generator: 0, sink: 0, shards: [0, 0, 0] });
});
