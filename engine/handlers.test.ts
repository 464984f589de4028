import t from 'tap';
import type { ElementClass, HandlerInfo } from './graph/element-class.ts';
import { Handlers, mergeValues } from './handlers.ts';
import type { Revision } from './upgrade/revision.ts';
import { designWith } from './upgrade/testing/fake-datapath.ts';

t.test('values of shards become one as the handler declares', (t) => {
  const cases: [string, string[], string][] = [
    ['sum', ['1', '2', '3'], '6'],
    ['sum', ['9007199254740993', '1'], '9007199254740994'],
    ['sum', ['-5', '2'], '-3'],
    ['sum', ['0.5', '1'], '1.5'],
    ['max', ['3', '10', '9'], '10'],
    ['min', ['3', '10', '9'], '3'],
    ['concat', ['a\n', 'b\n'], 'a\nb\n'],
    ['first', ['x', 'y'], 'x'],
    ['same', ['x', 'x'], 'x'],
    ['sum', ['7 packets'], '7 packets'],
    ['sum', [], ''],
  ];
  for (const [how, values, merged] of cases) t.equal(mergeValues(how, values), merged, `${how} ${values}`);
  t.end();
});

const handler = (name: string, merge: string, rights = 'r'): HandlerInfo => ({
  name,
  merge,
  readable: rights.includes('r'),
  parameter: rights.includes('+'),
  writable: rights.includes('w'),
  help: '',
});

/** Source -> Counter -> Discard in two shards; `answers` gives what a handler says in each. */
function handlersOf(answers: Record<string, readonly (string | Error)[]> = {}) {
  const asked: string[] = [];
  const design = designWith('1');
  const counter = design.checked.byName.get('c')!;
  const elementClass: ElementClass = {
    ...counter.elementClass,
    handlers: [
      handler('count', 'sum'),
      handler('rate', 'first', 'rw'),
      handler('reset', 'first', 'w'),
      handler('lookup', 'same', 'r+'),
    ],
  };
  const byName = new Map(design.checked.byName).set('c', { ...counter, elementClass });
  const running: Revision = { ...design, checked: { ...design.checked, byName }, number: 4 };
  const engine = {
    handler: async (
      shard: number,
      element: string,
      name: string,
      value: string | null,
      room?: number,
      parameter = '',
    ) => {
      asked.push(
        `${shard} ${element}.${name}${value === null ? '' : `=${value}`}${parameter && ` ${parameter}`}`,
      );
      const answer = answers[name]?.[shard] ?? '';
      if (answer instanceof Error) throw answer;
      return value === null && room !== undefined && answer.length > room ? null : answer;
    },
    elementStats: (shard: number) => [
      {
        element: 'c',
        className: 'Counter',
        version: '1.0.0',
        unconnected: 0,
        held: 0,
        drops: { ttl: shard + 1, short: 0 },
      },
    ],
  };
  return { asked, handlers: new Handlers(engine, 2, () => running) };
}

t.test('a read asks all shards, or one where they are the same', async (t) => {
  const { asked, handlers } = handlersOf({ count: ['20', '22'], rate: ['5', '6'] });
  t.equal(await handlers.read('c.count'), '42');
  t.equal(await handlers.read('c.rate'), '5');
  t.same(asked, ['0 c.count', '1 c.count', '0 c.rate']);
});

t.test('a parameter goes to all shards, and only to handlers that take one', async (t) => {
  const { asked, handlers } = handlersOf({ lookup: ['1', '1'] });
  t.equal(await handlers.read('c.lookup', '10.0.0.1'), '1');
  t.same(asked, ['0 c.lookup 10.0.0.1', '1 c.lookup 10.0.0.1']);
  for (const path of ['c.count', 'c.class', 'list']) {
    await t.rejects(handlers.read(path, 'x'), { code: 'HC_HANDLER_FAILED', message: /takes no parameter/ });
  }
});

t.test('an answer that is longer than the room is asked for again', async (t) => {
  const long = 'x'.repeat(200_000);
  const { asked, handlers } = handlersOf({ rate: [long] });
  t.equal(await handlers.read('c.rate'), long);
  t.equal(asked.length, 2);
});

t.test('a write goes to all shards, in order', async (t) => {
  const { asked, handlers } = handlersOf();
  await handlers.write('c.rate', '10');
  t.same(asked, ['0 c.rate=10', '1 c.rate=10']);
});

t.test('a write that an element made in its own shard is passed on to the others', (t) => {
  const { asked, handlers } = handlersOf({ rate: [new Error('gone meanwhile'), ''] });
  handlers.passOn(1, 'c.rate 10 per second');
  t.same(asked, ['0 c.rate=10 per second']);
  t.end();
});

t.test('what is not there, or not allowed, has its own error', async (t) => {
  const { handlers } = handlersOf({
    rate: [Object.assign(new Error('c.rate: not a number'), { code: 'HC_HANDLER_FAILED' })],
  });
  await t.rejects(handlers.read('x.count'), { code: 'HC_NO_SUCH_ELEMENT' });
  await t.rejects(handlers.read('c.nosuch'), { code: 'HC_NO_SUCH_HANDLER' });
  await t.rejects(handlers.read('nosuch'), { code: 'HC_NO_SUCH_HANDLER', hint: /list, config/ });
  await t.rejects(handlers.read('c.reset'), { code: 'HC_NO_SUCH_HANDLER', message: /can only be written/ });
  await t.rejects(handlers.write('c.count', '1'), { code: 'HC_NO_SUCH_HANDLER' });
  await t.rejects(handlers.write('c.rate', 'x'), { code: 'HC_HANDLER_FAILED', message: /not a number/ });
});

t.test('the router and every element have handlers of their own', async (t) => {
  const { handlers } = handlersOf();
  t.equal(await handlers.read('list'), '3\ns\nc\nd\n');
  t.equal(await handlers.read('version'), '4');
  t.match(await handlers.read('config'), /Counter/);
  t.match(await handlers.read('classes'), /Counter 1\.0\.0\n/);
  t.equal(await handlers.read('c.class'), 'Counter');
  t.equal(await handlers.read('c.name'), 'c');
  t.equal(await handlers.read('c.class_version'), '1.0.0');
  t.equal(await handlers.read('c.config'), '');
  t.equal(await handlers.read('c.ports'), '1 input\npush\n1 output\npush\n');
  t.equal(await handlers.read('c.drops'), '3\tttl\n0\tshort\n');
  t.match(await handlers.read('c.handlers'), /^count\tr\nrate\trw\nreset\tw\nlookup\tr\+\nclass\tr\n/);
  t.ok(handlers.list('c').some(({ name }) => name === 'drops'));
});
