/** What the parser says about a token that does not fit. */

import type { IParserErrorMessageProvider, IToken, TokenType } from 'chevrotain';
import { EOF, tokenLabel } from 'chevrotain';

export const grammarMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => `${near(actual)}: expected ${label(expected)}`,
  buildNotAllInputParsedMessage: ({ firstRedundant }) => near(firstRedundant),
  buildNoViableAltMessage: ({ actual, ruleName }) => near(actual[0]) + expectation(ruleName),
  buildEarlyExitMessage: ({ actual, ruleName }) => near(actual[0]) + expectation(ruleName),
};

export function near(token: IToken | undefined): string {
  return token === undefined || token.tokenType === EOF
    ? 'syntax error at end of file'
    : nearText(token.image);
}

export function nearText(text: string): string {
  const shown = text.length > 30 ? `${text.slice(0, 30)}…` : text;
  return `syntax error near '${shown.replace(/[\s\p{Cc}]+/gu, ' ')}'`;
}

function label(type: TokenType): string {
  return tokenLabel(type);
}

function expectation(ruleName: string): string {
  switch (ruleName) {
    case 'classUse':
      return ': expected an element class or a compound element';
    case 'element':
    case 'elements':
    case 'elementUse':
      return ': expected an element';
    default:
      return '';
  }
}
