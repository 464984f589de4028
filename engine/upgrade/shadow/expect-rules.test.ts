import t from 'tap';
import { allows, type Difference, type DifferenceKind, parseRule } from './expect-rules.ts';

const one = (kind: DifferenceKind, what = ''): Difference => ({ kind, what, text: '' });
const fw = { element: 'fw', className: 'Firewall' };

t.test('a rule allows what it names and nothing else', async (t) => {
  const cases: [rule: string, allowed: Difference[], others: Difference[]][] = [
    ['drop:no-rule', [one('drop', 'no rule')], [one('drop', 'no'), one('pass', 'no rule')]],
    ['drop: no rule', [one('drop', 'no rule')], [one('drop', 'bad ttl')]],
    ['drop', [one('drop', 'no rule'), one('drop', 'bad-ttl')], [one('missing')]],
    ['pass:bad-ttl', [one('pass', 'bad ttl')], [one('drop', 'bad ttl')]],
    ['port 1 -> 0', [one('port', '1 -> 0')], [one('port', '0 -> 1'), one('drop', '1 -> 0')]],
    ['port 1->0', [one('port', '1 -> 0')], [one('port', '11 -> 0')]],
    ['port 0 -> shard 1', [one('port', '0 -> shard 1')], [one('port', '0 -> 1')]],
    ['field ip.ttl', [one('field', 'ip.ttl')], [one('field', 'ip.tos'), one('annotation', 'ip.ttl')]],
    ['field ip.*', [one('field', 'ip.ttl'), one('field', 'ip.tos')], [one('field', 'tcp.seq')]],
    ['annotation paint', [one('annotation', 'paint')], [one('annotation', 'destination')]],
    ['missing', [one('missing')], [one('extra')]],
    ['made', [one('made')], [one('extra')]],
  ];
  for (const [text, allowed, others] of cases) {
    const rule = parseRule(text);
    for (const difference of allowed) t.ok(allows(rule, fw, difference), `${text}: ${difference.what}`);
    for (const difference of others) t.notOk(allows(rule, fw, difference), `${text}, not ${difference.what}`);
  }
});

t.test('with a name before it, a rule holds for that element or class', async (t) => {
  for (const name of ['fw', 'Firewall']) t.ok(allows(parseRule(`${name}: drop`), fw, one('drop', 'x')));
  t.notOk(allows(parseRule('other: drop'), fw, one('drop', 'x')));
  t.match(parseRule('Nat@1/inner: field ip.src'), { target: 'Nat@1/inner', kind: 'field', what: 'ip.src' });
});

t.test('what is no rule says how to write one', async (t) => {
  for (const text of ['', 'drops', 'port 1', 'port a -> b', 'field', 'field ip ttl', 'fw:', 'missing:x']) {
    t.throws(() => parseRule(text), { code: 'HC_ARGUMENT', hint: /drop:REASON/ }, text);
  }
});
