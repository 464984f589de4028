import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { BreakHistory } from './break-history.ts';

const one = { strategy: 'swap', elements: 2, bytes: 0, breaks: [2000, 1500] };

t.test('what one engine has measured the next one knows, by strategy', async (t) => {
  const file = join(t.testdir({}), 'state', 'breaks.jsonl');
  const first = new BreakHistory(file);
  await first.add(one);
  await first.add({ ...one, strategy: 'thread', breaks: [3000] });
  const next = new BreakHistory(file);
  t.match(await next.list('swap'), [one]);
  t.match(await next.list('thread'), [{ breaks: [3000] }]);
  t.same(await next.list('restart'), []);
});

t.test('other machines and broken lines are passed over', async (t) => {
  const file = join(t.testdir({}), 'breaks.jsonl');
  const history = new BreakHistory(file);
  await history.add(one);
  const line = JSON.parse(readFileSync(file, 'utf8')) as object;
  for (const bad of [
    { ...line, machine: 'another' },
    { ...line, breaks: ['x'] },
    { ...line, elements: null },
    { ...line, breaks: [-1] },
    7,
    null,
  ]) {
    appendFileSync(file, `${JSON.stringify(bad)}\n`);
  }
  appendFileSync(file, '{"machine":');
  t.equal((await history.list('swap')).length, 1);
});

t.test('a file that cannot be written is no fault: the process remembers', async (t) => {
  const directory = t.testdir({ file: 'not a directory' });
  const history = new BreakHistory(join(directory, 'file', 'breaks.jsonl'));
  await history.add(one);
  t.match(await history.list('swap'), [one]);
});

t.test('a file that has grown long is cut to the newest upgrades', async (t) => {
  const file = join(t.testdir({}), 'breaks.jsonl');
  const history = new BreakHistory(file);
  await history.add(one);
  const line = readFileSync(file, 'utf8');
  writeFileSync(file, line.repeat(5000));
  t.equal((await history.list('swap')).length, 512);
  t.equal(readFileSync(file, 'utf8').split('\n').length, 2049);
});
