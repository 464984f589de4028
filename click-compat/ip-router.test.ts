import { readFileSync } from 'node:fs';
import t from 'tap';
import { checkGraph } from '../engine/graph/check.ts';
import { diffGraphs } from '../engine/graph/diff.ts';
import { classTable } from '../engine/graph/fixtures/small-graph.ts';
import { clickSourceLines, flattenClick, parseClick } from './index.ts';

const file = 'ip-router.click';
const text = readFileSync(new URL(`../examples/${file}`, import.meta.url), 'utf8');

/** Port codes as in Click. */
const classes = classTable({
  ARPQuerier: ['2/1-2', 'h/h', 'xy/x'],
  ARPResponder: ['1/1-2', 'a/ah'],
  CheckIPHeader: ['1/1-2', 'a/ah'],
  CheckPaint: ['1/1-2', 'a/ah'],
  Classifier: ['1/-', 'h/h'],
  DecIPTTL: ['1/1-2', 'a/ah'],
  Discard: ['1/0', 'a/a'],
  DropBroadcasts: ['1/1-2', 'a/ah'],
  FixIPSrc: ['1/1', 'a/a'],
  FromDevice: ['0/1-2', 'h/h'],
  GetIPAddress: ['1/1', 'a/a'],
  ICMPError: ['1/1', 'a/a'],
  ICMPPingResponder: ['1/1-2', 'a/ah'],
  IPClassifier: ['1/-', 'h/h'],
  IPFragmenter: ['1/1-2', 'h/h'],
  Paint: ['1/1', 'a/a'],
  Queue: ['1/1-2', 'h/lh'],
  StaticIPLookup: ['1/-', 'h/h'],
  Strip: ['1/1', 'a/a'],
  Tee: ['1/1-', 'h/h'],
  ToDevice: ['1/0-2', 'l/h'],
});

const read = (defines: Record<string, string> = {}, changed = text) =>
  parseClick(changed, { file, defines, isKnownClass: (name) => classes(name) !== undefined });

t.test('the IP router is a valid router', async (t) => {
  const { elements } = checkGraph(read(), classes);
  t.equal(elements.length, 44);
  const queue = elements.find(({ element }) => element.name === 'if0/queue');
  t.same([queue?.inputs, queue?.outputs], [['push'], ['pull']]);
  const agnostic = elements.find(({ element }) => element.name === 'forward1/ttl');
  t.same([agnostic?.inputs, agnostic?.outputs], [['push'], ['push', 'push']]);
});

t.test('printed and read again it is the same graph', async (t) => {
  const printed = flattenClick(read());
  const again = parseClick(printed, { file: 'printed' });
  t.equal(flattenClick(again), printed);
  t.ok(
    diffGraphs(read(), again, () => false).every(
      ({ kind, reasons }) => kind === 'keep' && reasons.length === 0,
    ),
  );
});

t.test('devices can be named from outside', async (t) => {
  const devices = read({ DEV0: 'veth0' }).elements.filter(({ className }) => className === 'FromDevice');
  t.same(
    devices.map(({ args }) => args),
    [['veth0'], ['eth1']],
  );
});

t.test('another device is a change of two elements', async (t) => {
  const changes = diffGraphs(read(), read({ DEV1: 'veth1' }), () => false).filter(
    ({ kind }) => kind !== 'keep',
  );
  t.same(
    changes.map(({ kind, element, reasons }) => `${kind} ${element} ${reasons}`),
    ['adopt if1/FromDevice@1 arguments', 'adopt if1/ToDevice@4 arguments'],
  );
});

t.test('a forgotten queue is shown with its line', async (t) => {
  const changed = text.replace('queue :: Queue(1000) -> ToDevice($dev);', 'queue :: ToDevice($dev);');
  t.throws(() => checkGraph(read({}, changed), classes, { sourceLine: clickSourceLines(changed, file) }), {
    code: 'HC_CONFIG_INVALID',
    message: /push output 0 connected to 'if0\/queue :: ToDevice' pull input 0\n {4}input \[0\] -> querier/,
  });
});
