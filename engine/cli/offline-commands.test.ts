/** Commands that need no engine. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { counterClass } from '../control/testing/answers.ts';
import { HotclickError } from '../errors.ts';
import { configureFault } from '../graph/configure-fault.ts';
import { runCli, startCli } from './testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'hotclick-cli-'));
t.teardown(() => rm(directory, { recursive: true }));
const good = join(directory, 'good.click');
await writeFile(
  good,
  'elementclass Two { input -> Counter -> Counter -> output }\na :: Counter -> Two -> [0]a;',
);
const bad = join(directory, 'bad.click');
await writeFile(bad, 'a :: Counter\n  -> Cuonter -> a;\n');
const broken = join(directory, 'broken.click');
await writeFile(broken, 'a :: Counter(\n');

const commands = [
  'run check flatten elements build read write upgrade apply rollback history state top trace tap keygen sign doctor stop',
].flatMap((line) => line.split(' '));

t.test('every command has help with examples', async (t) => {
  for (const words of [
    ...commands.map((one) => [one]),
    ['state', 'ls'],
    ['state', 'get'],
    ['state', 'diff'],
  ]) {
    const { status, stdout, stderr } = await runCli([...words, '--help']);
    t.equal(status, 0, words.join(' '));
    t.match(stdout, `Usage: hotclick ${words.join(' ')}`);
    if (words.join() !== 'state') t.match(stdout, /Examples:\n {2}hotclick /);
    t.equal(stderr, '');
  }
});

t.test('build makes a library of a source, where it is told to', async (t) => {
  const source = fileURLToPath(
    new URL('../../examples/elements/PlainMeter/v1/PlainMeter.cc', import.meta.url),
  );
  const library = join(directory, 'PlainMeter.so');
  t.match(await runCli(['build', source, '--statics', 'compiled', '--out', library]), {
    status: 0,
    stdout: `${library}\n`,
  });
  const content = await readFile(library, 'latin1');
  t.match(content, '.hotclick.statics', 'with the layout of its static variables');
  t.match(await runCli(['build', good]), { status: 2, stderr: /neither a C\+\+ source/ });
});

t.test('the program has help, a version, and help on standard error when nothing is asked', async (t) => {
  const help = await runCli(['--help']);
  t.equal(help.status, 0);
  for (const command of commands) t.match(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
  t.match(await runCli(['--version']), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.match(await runCli([]), { status: 2, stdout: '', stderr: /^Usage: hotclick/ });
});

t.test('a wrong command line ends with 2 and says what is wrong', async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [['chekc', good], /unknown command 'chekc'[\s\S]*Did you mean check/],
    [['check'], /missing required argument 'file'/],
    [['check', good, '--jsno'], /unknown option '--jsno'/],
    [['check', good, '--define', 'X'], /form NAME=VALUE/],
    [['run', good, '--threads', '0'], /whole number from 1 to 64/],
    [['run', good, '--cpus', '0,x'], /list of processor numbers/],
    [['rollback', '--to', 'yesterday'], /whole number from 0/],
    [['upgrade', 'Counter'], /form CLASS=PATH/],
    [['upgrade', 'Counter=a.cc', 'Counter=b.cc'], /Counter is given twice/],
    [['upgrade', 'Counter=a.cc', '--strategy', 'hope'], /Allowed choices are swap, thread/],
    [['tap', 'c[0]'], /required option '-w, --write <file>'/],
    [['top', '--interval', '-1'], /number of seconds/],
    [['check', join(directory, 'missing.click')], /cannot read the configuration .*missing.click/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = await runCli(args);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.match(stderr, /^hint: /m);
    t.equal(stdout, '');
  }
  const { status, stderr } = await runCli(['check', '--json']);
  t.equal(status, 2);
  t.match(JSON.parse(stderr), {
    code: 'HC_ARGUMENT',
    message: "missing required argument 'file'",
    hint: /--help/,
  });
});

t.test('check tells what a configuration has', async (t) => {
  t.match(await runCli(['check', good]), {
    status: 0,
    stdout: `${good}: 3 elements, 1 class, 3 connections; nothing wrong\n`,
  });
  const { stdout } = await runCli(['check', '-', '--json', '--define', 'X=1'], {
    input: 'a :: Counter($X) -> a;',
  });
  t.same(JSON.parse(stdout), {
    file: 'standard input',
    elements: 1,
    connections: 1,
    requirements: [],
    classes: { Counter: 1 },
  });
});

t.test('check points at what is wrong and ends with 3', async (t) => {
  const { status, stderr } = await runCli(['check', bad]);
  t.equal(status, 3);
  t.match(stderr, `hotclick: ${bad}:2:6: `);
  t.match(stderr, /Cuonter[\s\S]*\n +-> Cuonter -> a;\n {7}\^\nhint: /);
  const json = await runCli(['check', bad, '--json']);
  t.match(JSON.parse(json.stderr), {
    code: 'HC_CONFIG_INVALID',
    details: { errors: [{ position: { file: bad, line: 2, column: 6 } }] },
  });
  t.match(await runCli(['check', broken, '--json']), { status: 3, stderr: /^{"code":"HC_CONFIG_SYNTAX"/ });
});

t.test('check shows what elements have against their arguments', async (t) => {
  const { status, stderr } = await runCli(['check', '-'], {
    input: 'a :: Counter(COUNT_CALL x) -> a;',
    argumentFaults: async ({ elements }) =>
      elements.map(({ element }) => configureFault(element, { message: 'expected a number', argument: 0 })),
  });
  t.equal(status, 3);
  t.match(
    stderr,
    "standard input:1:14: While configuring 'a :: Counter': expected a number\n  a :: Counter(COUNT_CALL x) -> a;\n               ^\n",
  );
});

t.test('flatten expands a file', async (t) => {
  const { status, stdout } = await runCli(['flatten', good]);
  t.equal(status, 0);
  t.match(stdout, /^a :: Counter;$/m);
  t.notMatch(stdout, /elementclass/);
  const { configuration } = JSON.parse((await runCli(['flatten', good, '--json'])).stdout);
  t.equal(configuration, stdout);
});

t.test('elements lists classes and prints the page of one', async (t) => {
  t.match(await runCli(['elements']), {
    status: 0,
    stdout: /^Counter +1\.0\.0 +1\/1 +a\/a +Measures packet/m,
  });
  t.same(JSON.parse((await runCli(['elements', '--json'])).stdout), { classes: [counterClass] });
  const page = await runCli(['elements', 'Counter']);
  for (const part of [/COUNT_CALL/, /count +r- +sum/, /reset +-w/, /packets u64/, /nested-too-deeply/]) {
    t.match(page.stdout, part);
  }
  const markdown = await runCli(['elements', 'Counter', '--markdown']);
  t.match(markdown.stdout, /^# Counter\n[\s\S]*## Handlers\n\n\| name \| access/);
  t.same(JSON.parse((await runCli(['elements', 'Counter', '--json'])).stdout), counterClass);
  t.match(await runCli(['elements', 'Countr']), {
    status: 3,
    stderr: /'Countr'\nhint: there are: Counter\n/,
  });
});

t.test('doctor judges the machine', async (t) => {
  const { status, stdout } = await runCli(['doctor', '--json', '--store', directory]);
  const { fit, checks } = JSON.parse(stdout) as {
    fit: boolean;
    checks: { check: string; verdict: string }[];
  };
  t.equal(status, fit ? 0 : 1);
  for (const check of ['node', 'kernel', 'addon', 'lmdb', 'compiler', 'privileges', 'huge pages', 'disk']) {
    t.ok(
      checks.some((one) => one.check === check && ['ok', 'warning', 'failed'].includes(one.verdict)),
      check,
    );
  }
  t.match((await runCli(['doctor'])).stdout, /^node +ok +v/m);
});

t.test('doctor ends with 1 when something mandatory is missing, and warns of the rest', async (t) => {
  const { status, stdout } = await runCli(['doctor', '--store', join(directory, 'nowhere')], {
    builtinClasses: () => Promise.reject(new HotclickError('HC_LIBRARY', 'the addon was not built')),
    env: { CXX: 'no-such-compiler' },
  });
  t.equal(status, 1);
  t.match(stdout, /^addon +failed +the addon was not built +build it again/m);
  t.match(stdout, /^compiler +warning +no-such-compiler does not run/m);
  t.match(stdout, /^disk +failed/m);
});

t.test('the program itself: exit status, standard output and standard error', async (t) => {
  const check = startCli(['check', bad]);
  t.match(await check.ended, { status: 3, stdout: '', stderr: /bad\.click:2:6/ });
  const elements = startCli(['elements', 'Counter', '--json']);
  const { status, stdout } = await elements.ended;
  t.equal(status, 0);
  t.match(JSON.parse(stdout), { className: 'Counter', ports: '1/1' }, 'from the library itself');
  const doctor = startCli(['doctor', '--json']);
  t.match(JSON.parse((await doctor.ended).stdout), { fit: true });
  const read = startCli(['read', 'c.count', '--control', join(directory, 'none.sock'), '--json']);
  const failed = await read.ended;
  t.equal(failed.status, 5);
  t.match(JSON.parse(failed.stderr), { code: 'HC_NO_ENGINE', message: /none\.sock does not exist/ });
});
