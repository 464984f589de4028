/** What a Click text says, as a tree. Places point at the first character of a construct. */

import type { Place } from './source-text.ts';

/** The text between the parentheses of `Class(…)`, `require(…)` and `define(…)`; `place` is its first character. */
export interface ConfigText {
  readonly place: Place;
  readonly text: string;
}

/** `[0,2-4]`: ranges of port numbers, both ends included. */
export interface PortList {
  readonly place: Place;
  readonly ranges: readonly PortRange[];
  /** `[]`, `[2-]`: as many further ports as the other side of the connection needs. */
  readonly expandable: boolean;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface NamedClass {
  readonly kind: 'class';
  readonly place: Place;
  readonly name: string;
}

/** `$name` or `KEYWORD $name`; the keyword of a positional parameter is empty. */
export interface FormalParameter {
  readonly place: Place;
  readonly keyword: string;
  readonly variable: string;
}

/** One of the definitions that `||` separates. */
export interface CompoundAlternative {
  readonly place: Place;
  readonly formals: readonly FormalParameter[];
  readonly statements: readonly Statement[];
}

/** `{ … || … || ... }` */
export interface CompoundNode {
  readonly kind: 'compound';
  readonly place: Place;
  readonly alternatives: readonly CompoundAlternative[];
  /** It ends with `|| ...`: the older definitions of the class stay in force behind these. */
  readonly extendsOlder: boolean;
}

/** `name`, `Class(…)`, or `name :: Class(…)`: which of the first two it is depends on what has been declared. */
export interface NamedElement {
  readonly kind: 'name';
  readonly name: string;
  readonly declaredClass?: NamedClass | CompoundNode;
  readonly config?: ConfigText;
}

/** `{ … }(…)` in the place of an element. */
export interface AnonymousCompound {
  readonly kind: 'anonymous';
  readonly compound: CompoundNode;
  readonly config?: ConfigText;
}

/** `( … )` in the place of an element. */
export interface ElementGroup {
  readonly kind: 'group';
  readonly statements: readonly Statement[];
}

/** `[1] element [2]`. Without an element it stands for `input` or `output`, and `before` has its ports. */
export interface ElementUse {
  readonly place: Place;
  readonly before?: PortList;
  readonly element?: NamedElement | AnonymousCompound | ElementGroup;
  readonly after?: PortList;
}

export interface ChainLink {
  readonly arrow: '->' | '=>';
  readonly place: Place;
  /** Empty when the statement ends with the arrow, or another arrow follows. */
  readonly elements: readonly ElementUse[];
}

/** Also a declaration: that is a chain without links. `first` is empty when the chain begins with an arrow. */
export interface ChainStatement {
  readonly kind: 'chain';
  readonly place: Place;
  readonly first: readonly ElementUse[];
  readonly links: readonly ChainLink[];
}

export interface ElementClassStatement {
  readonly kind: 'elementclass';
  readonly place: Place;
  readonly name: string;
  readonly meaning: NamedClass | CompoundNode;
}

export interface RequireStatement {
  readonly kind: 'require';
  readonly place: Place;
  readonly config: ConfigText;
}

export interface DefineStatement {
  readonly kind: 'define';
  readonly place: Place;
  readonly config: ConfigText;
}

export type Statement = ChainStatement | ElementClassStatement | RequireStatement | DefineStatement;
