/** The grammar of the Click language. Source: Click manual, click(5), "BNF grammar". */

import type { IToken } from 'chevrotain';
import { EOF, tokenMatcher } from 'chevrotain';
import type {
  AnonymousCompound,
  ChainLink,
  ChainStatement,
  CompoundAlternative,
  CompoundNode,
  DefineStatement,
  ElementClassStatement,
  ElementGroup,
  ElementUse,
  FormalParameter,
  NamedClass,
  NamedElement,
  PortList,
  RequireStatement,
  Statement,
} from './ast.ts';
import type { Rule } from './grammar-terms.ts';
import { TermParser } from './grammar-terms.ts';
import { given } from './optional-property.ts';
import type { Problem } from './problems.ts';
import type { SourceText } from './source-text.ts';
import * as tokens from './tokens.ts';

/**
 * Every rule returns its part of the tree. After a syntax error parts can be missing; the tree is then good for
 * nothing, but the rest of the text has been looked at for further errors.
 */
export class ClickParser extends TermParser {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  /** Parses the tokens of one source. `endProblem`: the text stops in the middle of something. */
  read(
    source: SourceText,
    input: IToken[],
  ): { statements: Statement[]; problems: Problem[]; endProblem?: Problem } {
    this.source = source;
    this.problems = [];
    this.input = input;
    const statements = this.configuration();
    const problems = this.problems;
    const end = Math.max(0, source.text.trimEnd().length - 1);
    let endProblem: Problem | undefined;
    for (const { token, message } of this.errors) {
      if (token.tokenType === EOF) {
        endProblem ??= { place: { source, offset: end }, message, isSyntax: true };
      } else {
        this.report(token, message);
      }
    }
    return { statements, problems, ...given('endProblem', endProblem) };
  }

  readonly configuration: Rule<Statement[]> = this.RULE(
    'configuration',
    (): Statement[] => {
      const found: (Statement | undefined)[] = [];
      this.MANY(() => {
        this.OR([
          { ALT: () => found.push(this.SUBRULE(this.statement)) },
          { ALT: () => this.SUBRULE(this.strayEnd) },
        ]);
      });
      return found.filter((one) => one !== undefined);
    },
    { recoveryValueFunc: () => [] },
  );

  readonly statements: Rule<Statement[]> = this.RULE(
    'statements',
    (): Statement[] => {
      const found: (Statement | undefined)[] = [];
      this.MANY(() => found.push(this.SUBRULE(this.statement)));
      return found.filter((one) => one !== undefined);
    },
    { recoveryValueFunc: () => [] },
  );

  /** Undefined for a lone semicolon and for a token that fits nowhere. */
  readonly statement: Rule<Statement | undefined> = this.RULE('statement', (): Statement | undefined =>
    this.OR<Statement | undefined>([
      { ALT: () => this.SUBRULE(this.elementClass) },
      { ALT: () => this.SUBRULE(this.settings) },
      { ALT: () => this.SUBRULE(this.chain) },
      { ALT: () => this.SUBRULE(this.stray) },
      {
        ALT: () => {
          this.CONSUME(tokens.Semicolon);
          return undefined;
        },
      },
    ]),
  );

  /** Taken where a statement should start, so that what follows is read too. */
  readonly stray: Rule<undefined> = this.RULE('stray', (): undefined => {
    this.refuse(this.CONSUME(tokens.Stray));
    return undefined;
  });

  /** An end of something that was not begun. */
  readonly strayEnd: Rule<undefined> = this.RULE('strayEnd', (): undefined => {
    this.refuse(this.CONSUME(tokens.StrayEnd));
    return undefined;
  });

  readonly elementClass: Rule<ElementClassStatement> = this.RULE(
    'elementClass',
    (): ElementClassStatement => {
      const place = this.place(this.CONSUME(tokens.ElementClass));
      const name = this.CONSUME(tokens.Identifier).image;
      const meaning = this.SUBRULE(this.classUse);
      return { kind: 'elementclass', place, name, meaning };
    },
  );

  readonly settings: Rule<RequireStatement | DefineStatement> = this.RULE(
    'settings',
    (): RequireStatement | DefineStatement => {
      const token = this.OR([
        { ALT: () => this.CONSUME(tokens.Require) },
        { ALT: () => this.CONSUME(tokens.Define) },
      ]);
      const kind = tokenMatcher(token, tokens.Define) ? 'define' : 'require';
      return { kind, place: this.place(token), config: this.SUBRULE(this.config) };
    },
  );

  readonly chain: Rule<ChainStatement> = this.RULE('chain', (): ChainStatement => {
    const place = this.place(this.LA(1));
    let first: readonly ElementUse[] = [];
    const links: ChainLink[] = [];
    this.OR([
      {
        ALT: () => {
          first = this.SUBRULE1(this.elements);
          this.MANY(() => links.push(this.SUBRULE1(this.link)));
        },
      },
      { ALT: () => this.AT_LEAST_ONE(() => links.push(this.SUBRULE2(this.link))) },
    ]);
    return { kind: 'chain', place, first, links };
  });

  readonly link: Rule<ChainLink> = this.RULE('link', (): ChainLink => {
    const token = this.OR([
      { ALT: () => this.CONSUME(tokens.Arrow) },
      { ALT: () => this.CONSUME(tokens.ManyArrow) },
    ]);
    const elements = this.OPTION(() => this.SUBRULE(this.elements)) ?? [];
    return {
      arrow: tokenMatcher(token, tokens.ManyArrow) ? '=>' : '->',
      place: this.place(token),
      elements,
    };
  });

  readonly elements: Rule<ElementUse[]> = this.RULE('elements', (): ElementUse[] => {
    const uses: ElementUse[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: tokens.Comma,
      DEF: () => uses.push(this.SUBRULE(this.elementUse)),
    });
    return uses;
  });

  readonly elementUse: Rule<ElementUse> = this.RULE('elementUse', (): ElementUse => {
    let place = this.place(this.LA(1));
    let before: PortList | undefined;
    let element: ElementUse['element'];
    let after: PortList | undefined;
    this.OR([
      {
        ALT: () => {
          before = this.SUBRULE1(this.ports);
          this.OPTION1(() => {
            place = this.place(this.LA(1));
            element = this.SUBRULE1(this.element);
            after = this.OPTION2(() => this.SUBRULE2(this.ports));
          });
        },
      },
      {
        ALT: () => {
          element = this.SUBRULE2(this.element);
          after = this.OPTION3(() => this.SUBRULE3(this.ports));
        },
      },
    ]);
    return { place, ...given('before', before), ...given('element', element), ...given('after', after) };
  });

  readonly element: Rule<NamedElement | AnonymousCompound | ElementGroup> = this.RULE(
    'element',
    (): NamedElement | AnonymousCompound | ElementGroup =>
      this.OR<NamedElement | AnonymousCompound | ElementGroup>([
        { ALT: () => this.SUBRULE(this.namedElement) },
        { ALT: () => this.SUBRULE(this.anonymousCompound) },
        { ALT: () => this.SUBRULE(this.group) },
      ]),
  );

  readonly namedElement: Rule<NamedElement> = this.RULE('namedElement', (): NamedElement => {
    const name = this.CONSUME(tokens.Identifier).image;
    const declaredClass = this.OPTION1(() => {
      this.CONSUME(tokens.ColonColon);
      return this.SUBRULE(this.classUse);
    });
    const config = this.OPTION2(() => this.SUBRULE(this.config));
    return { kind: 'name', name, ...given('declaredClass', declaredClass), ...given('config', config) };
  });

  readonly anonymousCompound: Rule<AnonymousCompound> = this.RULE(
    'anonymousCompound',
    (): AnonymousCompound => {
      const compound = this.SUBRULE(this.compound);
      const config = this.OPTION(() => this.SUBRULE(this.config));
      return { kind: 'anonymous', compound, ...given('config', config) };
    },
  );

  readonly group: Rule<ElementGroup> = this.RULE('group', (): ElementGroup => {
    this.CONSUME(tokens.LeftParenthesis);
    const statements = this.SUBRULE(this.statements);
    this.CONSUME(tokens.RightParenthesis);
    return { kind: 'group', statements };
  });

  readonly classUse: Rule<NamedClass | CompoundNode> = this.RULE('classUse', (): NamedClass | CompoundNode =>
    this.OR<NamedClass | CompoundNode>([
      {
        ALT: () => {
          const token = this.CONSUME(tokens.Identifier);
          return { kind: 'class', place: this.place(token), name: token.image };
        },
      },
      { ALT: () => this.SUBRULE(this.compound) },
    ]),
  );

  readonly compound: Rule<CompoundNode> = this.RULE('compound', (): CompoundNode => {
    const place = this.place(this.CONSUME(tokens.LeftBrace));
    const alternatives = [this.SUBRULE1(this.alternative)];
    this.MANY({
      GATE: () => !tokenMatcher(this.LA(2), tokens.Ellipsis),
      DEF: () => {
        this.CONSUME1(tokens.BarBar);
        alternatives.push(this.SUBRULE2(this.alternative));
      },
    });
    const extendsOlder = this.OPTION(() => {
      this.CONSUME2(tokens.BarBar);
      this.CONSUME(tokens.Ellipsis);
      return true;
    });
    this.CONSUME(tokens.RightBrace);
    return { kind: 'compound', place, alternatives, extendsOlder: extendsOlder === true };
  });

  readonly alternative: Rule<CompoundAlternative> = this.RULE('alternative', (): CompoundAlternative => {
    const place = this.place(this.LA(1));
    const formals: FormalParameter[] = [];
    this.OPTION(() => {
      this.MANY_SEP({
        SEP: tokens.Comma,
        DEF: () => formals.push(this.SUBRULE(this.formal)),
      });
      this.CONSUME(tokens.Bar);
    });
    return { place, formals, statements: this.SUBRULE(this.statements) };
  });
}
