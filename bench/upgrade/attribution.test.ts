import t from 'tap';
import { attribute, countedBetween, type DropCounters, explain } from './attribution.ts';

const nothing: DropCounters = { rings: 0, elements: {}, devices: 0 };

t.test('what was counted between two readings', async (t) => {
  const before = { rings: 5, elements: { 'fw: no rule': 2, 'fw: malformed': 1 }, devices: 10 };
  const after = {
    rings: 8,
    elements: { 'fw: no rule': 2, 'fw: malformed': 4, 'out: device busy': 1 },
    devices: 10,
  };
  t.same(countedBetween(before, after), {
    rings: 3,
    elements: { 'fw: malformed': 3, 'out: device busy': 1 },
    devices: 0,
  });
});

t.test('a counter that began anew counts from there', async (t) => {
  t.equal(countedBetween({ ...nothing, rings: 50 }, { ...nothing, rings: 2 }).rings, 2);
});

t.test("the sink's own drops are told apart from all others", async (t) => {
  const attribution = attribute(10, 4, { rings: 100, elements: {}, devices: 0 });
  t.equal(attribution.sink, 4);
  t.equal(attribution.rings, 6, 'no more is charged than was missing');
  t.equal(attribution.unexplained, 0);
});

t.test(
  'element, ring and device are charged in this order, and the rest is said to be unexplained',
  async (t) => {
    const counted = { rings: 2, elements: { 'fw: table full': 3, 'out: device busy': 1 }, devices: 1 };
    t.same(attribute(9, 0, counted), {
      sink: 0,
      elements: { 'fw: table full': 3, 'out: device busy': 1 },
      rings: 2,
      devices: 1,
      unexplained: 2,
    });
  },
);

t.test('drops of other traffic do not make a loss', async (t) => {
  const counted = { rings: 7, elements: { 'fw: out of window': 3 }, devices: 2 };
  t.same(attribute(0, 0, counted), { sink: 0, elements: {}, rings: 0, devices: 0, unexplained: 0 });
});

t.test('in words, largest first', async (t) => {
  const counted = { rings: 1, elements: { 'fw: table full': 3 }, devices: 0 };
  t.equal(explain(attribute(9, 0, counted)), 'nobody counted them 5, fw: table full 3, receive rings 1');
  t.equal(explain(attribute(0, 0, nothing)), '');
});
