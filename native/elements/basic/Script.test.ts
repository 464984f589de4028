import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';

const script = (...args: string[]) => ElementHarness.create('Script', args, { inputs: 0, outputs: 0 });

/** Lines that a script says in its first moment. */
function said(...args: string[]): string[] {
  using h = script(...args);
  h.advance(1);
  return h.printed();
}

t.test('starts with the engine and goes on after each wait', (t) => {
  using h = script('print "one"', 'wait 50ms', 'print "two"', 'wait_time 0.1', 'print "three"');
  t.same(h.printed(), []);
  h.advance(1);
  t.same(h.printed(), ['one']);
  h.advance(49);
  t.same(h.printed(), []);
  h.advance(1);
  t.same(h.printed(), ['two']);
  h.advance(99);
  t.same(h.printed(), []);
  h.advance(1);
  t.same(h.printed(), ['three']);
  h.advance(1000);
  t.same(h.printed(), []);
  t.end();
});

t.test('prints text without its quotes, and the value of handlers', (t) => {
  t.same(
    said('print "c.count"', `print '"c.count"'`, 'set x c.count', 'print $x', 'print "a\\tb\\<41 42>"'),
    ['c.count', '"c.count"', 'c.count', 'a\tbAB'],
  );
  t.same(said('set x "$(add 1 2)"', 'print $x', 'setq x "$(add 1 2)"', 'print $x'), ['"3"', '3']);
  t.same(said('printn "a"', 'printn "b"', 'print "c"', 'print ""'), ['abc', '']);
  t.same(said('print element.run', 'return 5'), [''], 'a running script is not run again');
  t.end();
});

t.test('read shows the name of the handler and its value', (t) => {
  t.same(said('readq length "\\<0a 09 01>"', 'read add 1 2'), ['length:\n3', 'add:\n3']);
  t.match(said('read nobody.home').join(), /no read handler 'nobody\.home'/);
  t.match(said('print $(nobody.home)').join(), /nobody\.home/);
  t.end();
});

t.test('write calls handlers, and $? tells how that ended', (t) => {
  t.same(said('write element.set v some words', 'print $v', 'print $?'), ['some words', '0']);
  t.same(said('write set v 7', 'print $(get v)'), ['7']);
  const failed = said('write nobody.home 5', 'print $?');
  t.match(failed[0], /While executing 'element :: Script': no write handler/);
  t.equal(failed[1], '-1');
  t.end();
});

t.test('handlers of other elements, and of the script itself, take parameters', (t) => {
  t.same(said('set v 7 8', 'print $(element.get v)', 'print element.get v'), ['7 8', '7 8']);
  t.match(said('print $(element.get nothing)').join(), /no variable 'nothing'/);
  t.match(said('print $(element.class x)').join(), /no read handler 'element.class'/);
  using h = script('TYPE PASSIVE', 'return "$2 of $#"');
  t.equal(h.read('run', 'a b c'), '"b of 3"');
  t.end();
});

t.test('functions compute', (t) => {
  const results: [string, string][] = [
    ['add 1 2 3', '6'],
    ['add', '0'],
    ['add 1.5 2', '3.5'],
    ['sub 10 2 2', '6'],
    ['mul 1 2 3', '6'],
    ['div 75 2.5 5', '6'],
    ['idiv 60 2 7', '4'],
    ['min 10 6 20', '6'],
    ['max -1 6 3', '6'],
    ['mod 7 3', '1'],
    ['mod -9223372036854775808 -1', '0'],
    ['neg 4', '-4'],
    ['abs -4.5', '4.5'],
    ['eq 10 0xA', 'true'],
    ['ne 1 2', 'true'],
    ['lt 2 10', 'true'],
    ['lt 2x 10x', 'false'],
    ['le 9 8', 'false'],
    ['ge 9 8', 'true'],
    ['gt 9 9', 'false'],
    ['not false', 'true'],
    ['and true true false', 'false'],
    ['or false true', 'true'],
    ['nand true true', 'false'],
    ['nor false false', 'true'],
    ['if true a b', 'a'],
    ['if 0 a b', 'b'],
    ['in foo bar foo', 'true'],
    ['in foo bar', 'false'],
    ['first a b c', 'a'],
    ['length abcdef', '6'],
    ['unquote "a b"', 'a b'],
    ['random 1', '0'],
    ['element.add 2 2', '4'],
    ['add $(add 1 1) $(mul 2 $(add 1 1))', '6'],
  ];
  t.same(
    said(...results.map(([call]) => `print $(${call})`)),
    results.map(([, value]) => value),
  );
  t.match(said('print $(now)')[0], /^\d+\.\d{6}$/);
  for (const wrong of [
    'add one',
    'div 1 0',
    'idiv 1e300 1',
    'mod 5 0',
    'mod 5',
    'neg',
    'not maybe',
    'random 0',
    'random 5 4',
  ]) {
    t.match(said(`print $(${wrong})`).join(), /While executing/, wrong);
  }
  t.end();
});

t.test('variables: initial and default values, what is not defined, what is quoted', (t) => {
  t.same(said('print "$a"', 'init a 1', `set a \${a}2`, `print "$a \${c-none} $c \${c}"`, "print '$a'"), [
    '1',
    `12 none $c \${c}`,
    '$a',
  ]);
  t.same(said('set list "a b" c d', 'print $(shift list)', 'print $(shift list)', 'print $list'), [
    '"a b"',
    'c',
    'd',
  ]);
  t.end();
});

t.test('labels, goto with conditions, and loop', (t) => {
  t.same(
    said('set x 0', 'label again', 'print $x', 'set x $(add $x 1)', 'goto again $(lt $x 3)', 'print "end"'),
    ['0', '1', '2', 'end'],
  );
  t.same(said('print "a"', 'goto end', 'print "b"'), ['a']);
  using h = script('init n 0', 'set n $(add $n 1)', 'print $n', 'wait 10ms', 'loop');
  for (let i = 0; i < 40; ++i) h.advance(1);
  t.same(h.printed(), ['1', '2', '3', '4']);
  t.match(said('goto again maybe', 'label again', 'print "on"').join(), /expected true or false.*on/);
  t.end();
});

t.test('a script that loops without waiting is given up', (t) => {
  t.match(said('label a', 'goto a').join(), /too many jumps, giving up/);
  t.end();
});

t.test('pause waits for steps; a step also ends a wait', (t) => {
  using h = script(
    'pause',
    'print "a"',
    'pause 2',
    'print "b"',
    'wait 10s',
    'print "c"',
    'wait_step',
    'print "d"',
  );
  h.advance(1);
  t.same(h.printed(), []);
  h.write('step');
  t.same(h.printed(), ['a']);
  h.write('step');
  t.same(h.printed(), []);
  h.write('step');
  t.same(h.printed(), ['b']);
  h.write('step', '2');
  t.same(h.printed(), ['c', 'd']);
  h.write('step');
  t.throws(() => h.write('step', 'far'));
  t.throws(() => h.write('step', 'router'), { message: /does not manage/ });
  t.end();
});

t.test('goto and run handlers; PASSIVE runs only then, with its arguments', (t) => {
  using h = script('TYPE PASSIVE', 'print "$# $1 $2 $args"', 'label here', 'return $(add $1 1)');
  h.advance(10);
  t.same(h.printed(), []);
  h.write('run', '4 "b c"');
  t.same(h.printed(), ['2 4 "b c" 4 "b c"']);
  h.write('goto', 'here');
  t.throws(() => h.write('goto', 'nowhere'), { message: /no such label/ });
  using value = script('TYPE PASSIVE', 'returnq "5 apples"');
  t.equal(value.read('run'), '5 apples');
  using fails = script('TYPE PASSIVE', 'error no way');
  t.throws(() => fails.write('run'), { message: /ended with an error/ });
  t.match(fails.printed().join(), /no way/);
  t.end();
});

t.test('PACKET: the value that is returned is the output', (t) => {
  const frames = (n: number) => Array.from({ length: n }, (_, i) => new Uint8Array([i]));
  const create = (...args: string[]) => ElementHarness.create('Script', args, { inputs: 2, outputs: 2 });
  using turns = create('init i 0', 'set j $i', 'set i $(mod $(add $i 1) 3)', 'return $j');
  turns.push(0, frames(6));
  t.same(
    [0, 1].map((port) => turns.output(port).map((p) => p.data[0])),
    [
      [0, 3],
      [1, 4],
    ],
  );
  t.same(turns.drops(), { 'not-sent': 2 });
  using ports = create('TYPE PACKET', 'return $input');
  ports.push(1, frames(1));
  ports.supply(0, frames(3));
  t.same([ports.output(1).length, ports.pull(0, 2).length, ports.pull(0).length], [1, 2, 1]);
  using ends = create('end');
  ends.push(0, frames(1));
  t.equal(ends.output(0).length, 1);
  using exits = create('exit');
  exits.push(0, frames(1));
  t.same(exits.drops(), { 'not-sent': 1 });
  t.end();
});

t.test('refuses mistakes, and says where', (t) => {
  const fails = (message: RegExp, ...args: string[]) =>
    t.throws(() => script(...args), { code: 'HC_CONFIGURE_FAILED', message });
  fails(/syntax error at 'jump'/, 'wait 1', 'jump x');
  fails(/syntax error at 'set'/, 'set x');
  fails(/syntax error at 'stop'/, 'stop now');
  fails(/syntax error at 'pause'/, 'pause often');
  fails(/no such label 'there'/, 'goto there');
  fails(/bad TYPE/, 'TYPE SIGNAL');
  fails(/PACKET script must have inputs/, 'TYPE PACKET');
  fails(/not possible here/, 'print >file c.count');
  t.throws(() => ElementHarness.create('Script', ['TYPE ACTIVE'], {}), {
    message: /ports allowed only on PACKET scripts/,
  });
  t.match(said('wait soon', 'print "on"').join(), /expected a time.*on/);
  t.end();
});

t.test('long text and many variables end in a message, not beyond the buffers', (t) => {
  const long = 'x'.repeat(2000);
  t.match(said(`set a ${long}`, 'set b $a$a$a', 'print "on"').join(), /too long.*on/);
  t.match(said(`set a ${long}`, 'set b $a', 'print "on"').join(), /no room for the variables.*on/);
  const deep = `print ${'$(add '.repeat(20)}1${')'.repeat(20)}`;
  t.same(said(deep, 'print "on"').at(-1), 'on');
  t.end();
});

t.test(
  'an upgrade goes on in the middle of a wait, with the variables; a changed script begins anew',
  (t) => {
    using h = script('set x 5', 'wait 100ms', 'print $x', 'pause 2', 'print "end"');
    h.advance(1);
    h.advance(60);
    h.upgrade();
    h.advance(39);
    t.same(h.printed(), []);
    h.advance(1);
    t.same(h.printed(), ['5']);
    h.write('step');
    h.upgrade();
    h.advance(1);
    h.write('step');
    t.same(h.printed(), ['end']);
    h.upgrade();
    h.advance(200);
    t.same(h.printed(), [], 'what has ended stays so');
    h.upgrade(undefined, ['print "new"']);
    h.advance(1);
    t.same(h.printed(), ['new']);
    t.end();
  },
);
