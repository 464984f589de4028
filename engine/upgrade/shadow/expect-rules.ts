/**
 * Rules that name allowed differences between two versions. docs/reference/expect-rules.md describes the language:
 *
 *     [ELEMENT-OR-CLASS: ] drop[:REASON] | pass[:REASON] | port A -> B | field NAME | annotation NAME | missing | extra
 *                          | made
 */
import { HotclickError } from '../../errors.ts';

/** One way in which what became of a packet differs. */
export type DifferenceKind = 'drop' | 'pass' | 'port' | 'field' | 'annotation' | 'missing' | 'extra' | 'made';

export interface Difference {
  readonly kind: DifferenceKind;
  /** Reason, '1 -> 0', or the name of the field or annotation. */
  readonly what: string;
  /** With both values, for people. */
  readonly text: string;
}

export interface ExpectRule {
  readonly text: string;
  /** Element or class; undefined for all. */
  readonly target?: string;
  readonly kind: DifferenceKind;
  /** Undefined for any. A last '*' stands for anything. */
  readonly what?: string;
}

const usage =
  'write drop:REASON, pass:REASON, port A -> B, field NAME, annotation NAME, missing, extra or made; with "ELEMENT: " before it for one element or class';

/** @throws HotclickError HC_ARGUMENT */
export function parseRule(text: string): ExpectRule {
  const [, target, rule = ''] = /^(?:(?!(?:drop|pass):)([^\s:]+):\s+)?(.*)$/s.exec(text.trim()) ?? [];
  const named = target === undefined ? {} : { target };
  const reason = /^(drop|pass)(?:\s*:\s*(\S.*))?$/.exec(rule);
  if (reason) {
    const [, kind, what] = reason as unknown as [string, 'drop' | 'pass', string | undefined];
    return { text, ...named, kind, ...(what === undefined ? {} : { what: spaced(what) }) };
  }
  const port = /^port\s+(\d+|shard \d+)\s*->\s*(\d+|shard \d+)$/.exec(rule);
  if (port) return { text, ...named, kind: 'port', what: `${port[1]} -> ${port[2]}` };
  const name = /^(field|annotation)\s+([\w.*-]+)$/.exec(rule);
  if (name) return { text, ...named, kind: name[1] as 'field' | 'annotation', what: name[2]! };
  if (rule === 'missing' || rule === 'extra' || rule === 'made') return { text, ...named, kind: rule };
  throw new HotclickError('HC_ARGUMENT', `'${text}' is no expect rule`, { hint: usage });
}

export interface RuleSubject {
  readonly element: string;
  readonly className: string;
}

export function allows(rule: ExpectRule, { element, className }: RuleSubject, one: Difference): boolean {
  if (rule.target !== undefined && rule.target !== element && rule.target !== className) return false;
  if (rule.kind !== one.kind) return false;
  if (rule.what === undefined) return true;
  const what = one.kind === 'drop' || one.kind === 'pass' ? spaced(one.what) : one.what;
  return rule.what.endsWith('*') ? what.startsWith(rule.what.slice(0, -1)) : what === rule.what;
}

/** Reasons are written with spaces or, on a command line, with hyphens. */
function spaced(reason: string): string {
  return reason.replaceAll('-', ' ');
}
