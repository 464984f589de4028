/** The tokens of the Click language. Source: Click manual, click(5), "Lexical issues". */

import type { CustomPatternMatcherReturn, IToken, TokenType } from 'chevrotain';
import { createToken, Lexer } from 'chevrotain';
import type { ConfigEnd } from './config-scan.ts';
import { endOfLineComment, findConfigEnd, isDirectiveStart } from './config-scan.ts';
import { nearText } from './grammar-messages.ts';
import type { Problem } from './problems.ts';
import type { SourceText } from './source-text.ts';

const WhiteSpace = createToken({ name: 'WhiteSpace', pattern: /[ \t\r\n\v\f\uFEFF]+/, group: Lexer.SKIPPED });
const LineComment = createToken({ name: 'LineComment', pattern: /\/\/[^\r\n]*/, group: Lexer.SKIPPED });
const BlockComment = createToken({ name: 'BlockComment', pattern: /\/\*[\s\S]*?\*\//, group: Lexer.SKIPPED });
const OpenComment = createToken({ name: 'OpenComment', pattern: /\/\*[\s\S]*/, group: 'openComments' });
const Directive = createToken({
  name: 'Directive',
  pattern: matchDirective,
  start_chars_hint: ['#'],
  line_breaks: false,
  group: 'directives',
});

/** Tokens that cannot begin a statement and, inside a compound or group, do not end it. */
export const Stray = createToken({ name: 'Stray', pattern: Lexer.NA });
/** Ends of compounds and groups. */
export const StrayEnd = createToken({ name: 'StrayEnd', pattern: Lexer.NA });

const word = /[A-Za-z0-9_@]+(?:\/[A-Za-z0-9_@]+)*/;
export const Identifier = createToken({ name: 'Identifier', label: 'a name', pattern: word });
const keyword = (name: string, text: string, categories: TokenType[] = []) =>
  createToken({ name, label: `'${text}'`, pattern: text, longer_alt: Identifier, categories });
const mark = (name: string, text: string, categories: TokenType[] = []) =>
  createToken({ name, label: `'${text}'`, pattern: text, categories });

export const ElementClass = keyword('ElementClass', 'elementclass');
export const Require = keyword('Require', 'require');
export const Define = keyword('Define', 'define');
/** Reserved, and part of no statement. */
const Provide = keyword('Provide', 'provide', [Stray]);
export const Variable = createToken({
  name: 'Variable',
  label: 'a parameter',
  pattern: /\$[A-Za-z0-9_]+/,
  categories: [Stray],
});
export const Arrow = mark('Arrow', '->');
export const ManyArrow = mark('ManyArrow', '=>');
export const ColonColon = mark('ColonColon', '::', [Stray]);
export const BarBar = mark('BarBar', '||', [StrayEnd]);
export const Ellipsis = mark('Ellipsis', '...', [Stray]);
export const Bar = mark('Bar', '|', [Stray]);
export const Semicolon = mark('Semicolon', ';');
export const Comma = mark('Comma', ',', [Stray]);
export const Dash = mark('Dash', '-', [Stray]);
export const LeftBracket = mark('LeftBracket', '[');
export const RightBracket = mark('RightBracket', ']', [Stray]);
export const LeftBrace = mark('LeftBrace', '{');
export const RightBrace = mark('RightBrace', '}', [StrayEnd]);
/** Opens an element group; a parenthesis behind a class or an element begins a `Config`. */
export const LeftParenthesis = mark('LeftParenthesis', '(');
export const RightParenthesis = mark('RightParenthesis', ')', [StrayEnd]);
/** A configuration string with its parentheses; the payload is a `ConfigEnd`. */
export const Config = createToken({
  name: 'Config',
  label: "'('",
  pattern: matchConfig,
  start_chars_hint: ['('],
  line_breaks: true,
  categories: [Stray],
});

export const allTokens: TokenType[] = [
  Stray,
  StrayEnd,
  WhiteSpace,
  LineComment,
  BlockComment,
  OpenComment,
  Directive,
  Config,
  ElementClass,
  Require,
  Define,
  Provide,
  Identifier,
  Variable,
  Arrow,
  ManyArrow,
  ColonColon,
  BarBar,
  Ellipsis,
  Bar,
  Semicolon,
  Comma,
  Dash,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  LeftParenthesis,
  RightParenthesis,
];

const lexer = new Lexer(allTokens, { positionTracking: 'onlyOffset' });

export interface LexedText {
  readonly tokens: IToken[];
  readonly problems: Problem[];
}

/** Cuts a text into tokens and tells the source about its line directives. */
export function lex(source: SourceText): LexedText {
  const { tokens, groups, errors } = lexer.tokenize(source.text);
  const problems: Problem[] = [];
  const report = (offset: number, message: string) => {
    problems.push({ place: { source, offset }, message, isSyntax: true });
  };

  const directives = (groups.directives ?? []).map((token) => token.startOffset);
  for (const token of tokens) {
    if (token.tokenType === Config) {
      const { open, directives: inside } = token.payload as ConfigEnd;
      directives.push(...inside);
      if (open !== undefined) {
        report(
          open.at,
          open.what === 'parenthesis' ? "expected ')' for this '('" : `unterminated ${open.what}`,
        );
      }
    }
  }
  for (const offset of directives.sort((a, b) => a - b)) {
    const line = source.text.slice(offset, endOfLineComment(source.text, offset));
    // A first line `#!…` makes a configuration executable.
    if (!source.addDirective(offset, line) && !(offset === 0 && line.startsWith('#!'))) {
      report(offset, 'unknown preprocessor directive');
    }
  }
  for (const token of groups.openComments ?? []) {
    report(token.startOffset, 'unterminated comment');
  }
  for (const { offset, length } of errors) {
    report(offset, nearText(source.text.slice(offset, offset + length)));
  }
  problems.sort((a, b) => a.place.offset - b.place.offset);
  return { tokens, problems };
}

function matchDirective(text: string, offset: number): CustomPatternMatcherReturn | null {
  return isDirectiveStart(text, offset) ? [text.slice(offset, endOfLineComment(text, offset))] : null;
}

function matchConfig(text: string, offset: number, before: IToken[]): CustomPatternMatcherReturn | null {
  const previous = before.at(-1)?.tokenType;
  const takesConfig =
    previous === Identifier || previous === RightBrace || previous === Require || previous === Define;
  if (text[offset] !== '(' || !takesConfig) {
    return null;
  }
  const payload = findConfigEnd(text, offset + 1);
  const match: CustomPatternMatcherReturn = [text.slice(offset, payload.end + 1)];
  match.payload = payload;
  return match;
}
