import t from 'tap';
import { countPorts, flowPairs, readProcessing } from './port-codes.ts';

const count = (code: string, inputs: number, outputs: number) => {
  const counts = countPorts(code, { inputs, outputs });
  return counts && [counts.inputs, counts.outputs];
};

t.test('port count codes clamp what is used to what is allowed', async (t) => {
  t.same(count('1/1', 0, 0), [1, 1]);
  t.same(count('1/1', 2, 3), [1, 1]);
  t.same(count('1/1-2', 1, 0), [1, 1]);
  t.same(count('1/1-2', 1, 2), [1, 2]);
  t.same(count('1/1-2', 1, 3), [1, 2]);
  t.same(count('0/1', 1, 1), [0, 1]);
  t.same(count('-/-', 0, 7), [0, 7]);
  t.same(count('1/2-', 1, 1), [1, 2]);
  t.same(count('1/2-', 1, 9), [1, 9]);
  t.same(count('1/-6', 1, 9), [1, 6]);
  t.same(count('3', 0, 9), [3, 3]);
  t.same(count('1-/=', 4, 1), [4, 4]);
  t.same(count('1-/=+', 4, 1), [4, 5]);
  t.same(count('-/=++', 0, 0), [0, 2]);
});

t.test('malformed port count codes', async (t) => {
  for (const code of ['', '/', 'x', '1/', '1/1/1', '1/+', '=/1', '1--2/1', '9999999/0']) {
    t.equal(count(code, 1, 1), undefined, code);
  }
});

t.test('processing codes: the last letter repeats', async (t) => {
  const counts = { inputs: 3, outputs: 3 };
  t.same(readProcessing('a/ah', counts)?.outputs, ['agnostic', 'push', 'push']);
  t.same(readProcessing('hl/hlh', counts), {
    inputs: ['push', 'pull', 'pull'],
    outputs: ['push', 'pull', 'push'],
  });
  t.same(readProcessing('l', counts)?.outputs, ['pull', 'pull', 'pull']);
  t.same(readProcessing('push', counts)?.inputs, ['push', 'push', 'push']);
  t.same(readProcessing('push/pull', counts)?.outputs, ['pull', 'pull', 'pull']);
  t.equal(readProcessing('h/x', counts), undefined);
});

t.test('flow codes', async (t) => {
  const pairs = (code: string) =>
    flowPairs(code, [0, 1], [0, 1])?.map(([input, output]) => `${input}${output}`);
  t.same(pairs('x/x'), ['00', '01', '10', '11']);
  t.same(pairs('x/y'), []);
  t.same(pairs('xy/x'), ['00', '01']);
  t.same(pairs('#/#'), ['00', '11']);
  t.same(pairs('#/[^#]'), ['01', '10']);
  t.same(pairs('xy/[xy]x')?.sort(), ['00', '01', '10']);
  t.same(pairs('[ab]c/[^a]c'), ['00', '10', '11']);
  t.same(pairs('[x#]/x#')?.sort(), ['00', '10', '11']);
  t.equal(pairs('x/['), undefined);
  t.equal(pairs(''), undefined);
});

t.test('elements with very many ports have few pairs', async (t) => {
  const ports = Array.from({ length: 20_000 }, (_, port) => port);
  for (const code of ['x/x', '#/#', '#/[^#]']) {
    t.ok(flowPairs(code, ports, ports)!.length <= 40_000, code);
  }
});
