/** Text to tree. */

import type { IToken } from 'chevrotain';
import type { Statement } from './ast.ts';
import { ClickParser } from './grammar.ts';
import type { Problem } from './problems.ts';
import type { SourceText } from './source-text.ts';
import { LeftBrace, LeftParenthesis, lex, RightBrace, RightParenthesis } from './tokens.ts';

/** Compound elements and groups nest no deeper; Click has the same bound. */
const deepestNesting = 100;

const parser = new ClickParser();

export interface ParsedText {
  readonly statements: readonly Statement[];
  /** In the order of the text. When there are any, the statements are incomplete. */
  readonly problems: readonly Problem[];
}

export function parseText(source: SourceText): ParsedText {
  const { tokens, problems } = lex(source);
  const { open, tooDeep } = checkNesting(tokens);
  if (tooDeep !== undefined) {
    const message = `compound elements and groups are nested more than ${deepestNesting} deep`;
    const place = { source, offset: tooDeep.startOffset };
    return { statements: [], problems: [...problems, { place, message, isSyntax: true }] };
  }
  const parsed = parser.read(source, tokens);
  const all = [...problems, ...parsed.problems];
  if (open !== undefined && parsed.endProblem !== undefined) {
    const message = `expected '${open.image === '{' ? '}' : ')'}' for this '${open.image}'`;
    all.push({ place: { source, offset: open.startOffset }, message, isSyntax: true });
  } else if (parsed.endProblem !== undefined && !reachesEnd(problems, tokens)) {
    all.push(parsed.endProblem);
  }
  all.sort((a, b) => a.place.offset - b.place.offset);
  return { statements: parsed.statements, problems: all.filter(isFirstOfItsLine()) };
}

/** What is amiss at the end of the text is no news when the last token already swallowed the rest of it. */
function reachesEnd(problems: readonly Problem[], tokens: readonly IToken[]): boolean {
  const last = tokens.at(-1);
  return problems.some((one) => last !== undefined && one.place.offset >= last.startOffset);
}

/** One slip makes several tokens unfit; what follows it in the same line is mostly its echo. */
function isFirstOfItsLine(): (problem: Problem) => boolean {
  let seen = '';
  return ({ place }) => {
    const { file, line } = place.source.positionAt(place.offset);
    const here = `${file}:${line}`;
    const isFirst = here !== seen;
    seen = here;
    return isFirst;
  };
}

/** The innermost opening mark that nothing closes, and the first one that is nested too deep. */
function checkNesting(tokens: readonly IToken[]): { open?: IToken; tooDeep?: IToken } {
  const stack: IToken[] = [];
  for (const token of tokens) {
    if (token.tokenType === LeftBrace || token.tokenType === LeftParenthesis) {
      stack.push(token);
      if (stack.length > deepestNesting) {
        return { tooDeep: token };
      }
    } else if (token.tokenType === RightBrace || token.tokenType === RightParenthesis) {
      const opening = token.tokenType === RightBrace ? LeftBrace : LeftParenthesis;
      if (stack.at(-1)?.tokenType === opening) {
        stack.pop();
      }
    }
  }
  const open = stack.at(-1);
  return open === undefined ? {} : { open };
}
