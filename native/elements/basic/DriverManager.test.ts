import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const manager = (...args: string[]) =>
  ElementHarness.create('DriverManager', args, { inputs: 0, outputs: 0 });

t.test('takes stop events as steps until the script ends', (t) => {
  using h = manager('pause', 'print "first"', 'wait 100ms', 'print "later"', 'pause', 'print "last"');
  h.advance(1);
  t.same(h.printed(), []);
  h.write('step', 'router');
  t.same(h.printed(), ['first']);
  h.advance(100);
  t.same(h.printed(), ['later']);
  h.write('step', 'router');
  t.same(h.printed(), ['last']);
  t.throws(
    () => h.write('step', 'router'),
    { code: 'HC_HANDLER_FAILED' },
    'from then on the engine stops by itself',
  );
  t.end();
});

t.test('an event that comes before its first moment is not lost', (t) => {
  using h = manager('print "begin"', 'pause', 'print "stopped"', 'wait 1s');
  h.write('step', 'router');
  t.same(h.printed(), ['begin', 'stopped']);
  t.end();
});

t.test('without instructions it waits for one event', (t) => {
  using h = manager();
  h.advance(1000);
  h.write('step', 'router');
  t.throws(() => h.write('step', 'router'));
  t.end();
});

t.test('may be an ordinary script by TYPE', (t) => {
  using h = manager('TYPE PASSIVE', 'return 3');
  t.equal(h.read('run'), '3');
  t.throws(() => h.write('step', 'router'));
  t.end();
});

t.test('an upgrade keeps the place', (t) => {
  using h = manager('pause 2', 'print "two"', 'pause');
  h.advance(1);
  h.write('step', 'router');
  h.upgrade();
  h.advance(1);
  t.same(h.printed(), []);
  h.write('step', 'router');
  t.same(h.printed(), ['two']);
  t.end();
});
