/** Arguments of compound elements. Source: Click manual, click(5), "Configuration parameters", "Overloading". */

import { shiftWord } from './arguments.ts';
import type { FormalParameter } from './ast.ts';

export const restKeyword = '__REST__';

/** Faults in a list of formal parameters, with the parameter they are about. */
export function checkFormals(
  formals: readonly FormalParameter[],
): { formal: FormalParameter; message: string }[] {
  const faults: { formal: FormalParameter; message: string }[] = [];
  const rank = ({ keyword }: FormalParameter) => (keyword === '' ? 0 : keyword === restKeyword ? 2 : 1);
  const variables = new Set<string>();
  const keywords = new Set<string>();
  let previous = 0;
  for (const formal of formals) {
    if (variables.has(formal.variable)) {
      faults.push({ formal, message: `parameter '$${formal.variable}' multiply defined` });
    }
    if (formal.keyword !== '' && keywords.has(formal.keyword)) {
      faults.push({ formal, message: `repeated keyword parameter '${formal.keyword}' in compound element` });
    } else if (rank(formal) < previous) {
      const order = "the correct order is '[positional], [keywords], [__REST__]'";
      faults.push({ formal, message: `compound element parameters out of order: ${order}` });
    }
    variables.add(formal.variable);
    keywords.add(formal.keyword);
    previous = Math.max(previous, rank(formal));
  }
  return faults;
}

/** The value of each formal parameter, in their order; undefined when the arguments do not fit. */
export function assignArguments(
  formals: readonly FormalParameter[],
  args: readonly string[],
): string[] | undefined {
  const positional = formals.filter((formal) => formal.keyword === '');
  const keywords = new Map(formals.map((formal) => [formal.keyword, formal]));
  keywords.delete('');
  const restFormal = keywords.get(restKeyword);
  keywords.delete(restKeyword);
  const values = new Map<FormalParameter, string>();
  const rest: string[] = [];
  for (const [index, arg] of args.entries()) {
    const { word, rest: value } = shiftWord(arg);
    const formal = index < positional.length ? positional[index] : keywords.get(word);
    if (formal === undefined) {
      rest.push(arg);
    } else {
      values.set(formal, formal.keyword === '' ? arg : value);
    }
  }
  if (restFormal !== undefined) {
    values.set(restFormal, rest.join(', '));
  } else if (rest.length > 0) {
    return undefined;
  }
  const all = formals.map((formal) => values.get(formal));
  return all.every((value) => value !== undefined) ? all : undefined;
}

/** `Foo(<arg>, KEY, ...)[1 input, 2 outputs]`: how messages name one definition of a class. */
export function describeFormals(
  name: string,
  formals: readonly FormalParameter[],
  inputs: number,
  outputs: number,
): string {
  const list = formals.map(({ keyword }) =>
    keyword === '' ? '<arg>' : keyword === restKeyword ? '...' : keyword,
  );
  const head = list.length > 0 ? `${nameOf(name)}(${list.join(', ')})` : nameOf(name);
  return `${head}[${count(inputs, 'input')}, ${count(outputs, 'output')}]`;
}

/** `Foo[2 arguments, 1 input, 2 outputs]`: how messages name one use of a class. */
export function describeUse(name: string, args: number, inputs: number, outputs: number): string {
  const given = args > 0 ? `${count(args, 'argument')}, ` : '';
  return `${nameOf(name)}[${given}${count(inputs, 'input')}, ${count(outputs, 'output')}]`;
}

function nameOf(name: string): string {
  return name === '' ? '<anonymous>' : name;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}
