/** The parts of the grammar that hold no statements: ports, parameters, configuration strings. */

import type { IToken, ParserMethod } from 'chevrotain';
import { EmbeddedActionsParser } from 'chevrotain';
import type { ConfigText, FormalParameter, PortList, PortRange } from './ast.ts';
import { grammarMessages, near } from './grammar-messages.ts';
import { readPortNumber } from './port-number.ts';
import type { Problem } from './problems.ts';
import type { Place } from './source-text.ts';
import { SourceText } from './source-text.ts';
import * as tokens from './tokens.ts';

export type Rule<Result> = ParserMethod<[], Result>;

export abstract class TermParser extends EmbeddedActionsParser {
  protected source = new SourceText('', '');
  /** Faults that the grammar itself does not see. */
  protected problems: Problem[] = [];

  constructor() {
    super(tokens.allTokens, {
      recoveryEnabled: true,
      maxLookahead: 2,
      errorMessageProvider: grammarMessages,
    });
  }

  readonly formal: Rule<FormalParameter> = this.RULE('formal', (): FormalParameter => {
    const place = this.place(this.LA(1));
    const keyword = this.OPTION(() => this.CONSUME(tokens.Identifier).image) ?? '';
    return { place, keyword, variable: this.CONSUME(tokens.Variable).image.slice(1) };
  });

  readonly config: Rule<ConfigText> = this.RULE('config', (): ConfigText => {
    const token = this.CONSUME(tokens.Config);
    const place = { source: this.source, offset: token.startOffset + 1 };
    const isClosed = token.payload?.open === undefined;
    return { place, text: token.image.slice(1, isClosed ? -1 : undefined) };
  });

  readonly ports: Rule<PortList> = this.RULE('ports', (): PortList => {
    const place = this.place(this.CONSUME(tokens.LeftBracket));
    const ranges: PortRange[] = [];
    let expandable = true;
    // An entry that is missing or open, `[]`, `[0,]`, `[2-]`, asks for as many ports as are needed.
    this.MANY_SEP({
      SEP: tokens.Comma,
      DEF: () => {
        expandable = true;
        this.OPTION1(() => {
          const first = this.#portNumber(this.CONSUME1(tokens.Identifier));
          let last = first;
          expandable = false;
          this.OPTION2(() => {
            this.CONSUME(tokens.Dash);
            expandable = true;
            this.OPTION3(() => {
              const end = this.CONSUME2(tokens.Identifier);
              last = this.#portNumber(end);
              if (last < first) {
                this.report(end, `syntax error: no ports from ${first} to ${last}`);
              }
              expandable = false;
            });
          });
          ranges.push({ first, last });
        });
      },
    });
    this.CONSUME(tokens.RightBracket);
    return { place, ranges, expandable };
  });

  #portNumber(token: IToken): number {
    const { port, fault } = readPortNumber(token.image);
    if (fault !== undefined && !this.RECORDING_PHASE && token.isInsertedInRecovery !== true) {
      this.report(token, fault);
    }
    return port;
  }

  protected refuse(token: IToken): void {
    if (!this.RECORDING_PHASE) {
      this.report(token, near(token));
    }
  }

  protected report(token: IToken, message: string): void {
    this.problems.push({ place: this.place(token), message, isSyntax: true });
  }

  protected place(token: IToken): Place {
    return { source: this.source, offset: token.startOffset };
  }
}
