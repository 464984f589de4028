import t from 'tap';
import { HotclickError } from '../engine/errors.ts';
import { clickSourceLines, parseClick } from './index.ts';
import type { ClickOptions } from './reading.ts';

function refused(text: string, options: Partial<ClickOptions> = {}): HotclickError {
  try {
    parseClick(text, { file: 'config', ...options });
  } catch (error) {
    if (error instanceof HotclickError) {
      return error;
    }
    throw error;
  }
  throw new Error(`not refused: ${text}`);
}

t.test('a syntax error has file, line, column, the line and a caret', async (t) => {
  const error = refused('a :: Idle;\n\tb -> [x] c;\n');
  t.equal(error.code, 'HC_CONFIG_SYNTAX');
  t.equal(
    error.message,
    'config:2:8: syntax error: port number should be integer\n  \tb -> [x] c;\n  \t      ^',
  );
  t.same(error.details, {
    errors: [
      {
        position: { file: 'config', line: 2, column: 8 },
        message: 'syntax error: port number should be integer',
      },
    ],
  });
});

t.test('all syntax errors are reported, one per line', async (t) => {
  const error = refused('a -> b ]]\nprovide(x);\nc :: ;\nelementclass { };\nd :: D(1, "two\n');
  t.same(
    error.message.split('\n').filter((line) => line.startsWith('config')),
    [
      "config:1:8: syntax error near ']'",
      "config:2:1: syntax error near 'provide'",
      "config:3:6: syntax error near ';': expected an element class or a compound element",
      "config:4:14: syntax error near '{': expected a name",
      'config:5:11: unterminated string',
    ],
  );
});

t.test('what was opened and is never closed is pointed at', async (t) => {
  t.match(
    refused('x :: X(1, (2)').message,
    "config:1:7: expected ')' for this '('\n  x :: X(1, (2)\n        ^",
  );
  t.match(refused('elementclass A {\n input -> B;\n').message, "config:1:16: expected '}' for this '{'");
  t.match(refused('a -> ( -> b\n').message, "config:1:6: expected ')' for this '('");
  t.match(refused('a -> b; /* b -> c;').message, 'config:1:9: unterminated comment');
  t.match(refused('a :: ').message, 'config:1:4: syntax error at end of file');
});

t.test('a configuration that starts with an arrow has no input to start from', async (t) => {
  t.match(refused('->Null;').message, "config:1:1: syntax error near '->'");
  t.match(refused('a -> ;').message, /config:1:3: syntax error near '->'/);
});

t.test('faults that are no syntax errors have a code of their own', async (t) => {
  const error = refused('x :: Idle;\nx :: Nope;\ny -> Idle(1) -> x(3);', {
    isKnownClass: (name) => name === 'Idle',
  });
  t.equal(error.code, 'HC_CONFIG_INVALID');
  t.same(
    error.message.split('\n').filter((line) => line.startsWith('config')),
    [
      "config:2:6: unknown element class 'Nope'",
      "config:2:1: redeclaration of element 'x'",
      "config:1:1: element 'x' previously declared here",
      "config:3:1: undeclared element 'y'",
      'config:3:19: configuration string ignored on element reference',
    ],
  );
});

t.test('line directives move positions, inside configuration strings too', async (t) => {
  const error = refused('m :: M(\n# 100 "other.click"\n"test");\nn -> ];\n# 7\n# 9 ""\n  ] ');
  t.same(
    error.message.split('\n').filter((line) => /^\w+(\.click)?:/.test(line)),
    ["other.click:101:6: syntax error near ']'", "config:9:3: syntax error near ']'"],
  );
  t.match(error.message, '\n    ] \n    ^');
  t.match(refused('a -> b;\n# nonsense\n').message, 'config:2:1: unknown preprocessor directive');
});

t.test('many faults: the message shows some, the details have all', async (t) => {
  const error = refused('];\n'.repeat(50));
  t.equal((error.details.errors as unknown[]).length, 50);
  t.match(error.message, '… and 30 more');
});

t.test('long lines are cut around the caret', async (t) => {
  const [, line, caret] = refused(`${'a;'.repeat(500)} ] ${'b;'.repeat(500)}`).message.split('\n');
  t.ok(line!.length < 200);
  t.equal(line![caret!.indexOf('^')], ']');
});

t.test('lines of positions are found again, with directives', async (t) => {
  const text = 'a;\n# 10 "x"\nb;\nc;\n';
  const lines = clickSourceLines(text, 'config');
  t.equal(lines({ file: 'config', line: 1, column: 1 }), 'a;');
  t.equal(lines({ file: 'x', line: 11, column: 1 }), 'c;');
  t.equal(lines({ file: 'config', line: 11, column: 1 }), undefined);
  t.equal(lines({ file: 'x', line: 99, column: 1 }), undefined);
});

t.test('a first line #! makes a configuration executable', async (t) => {
  t.equal(
    parseClick('#!/usr/bin/env hotclick\na :: Idle;', { file: 'config' }).elements[0]?.position?.line,
    2,
  );
});
