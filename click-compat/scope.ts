/**
 * What a scope (the whole file, or one definition of a compound element) means once its names are resolved, before
 * compound elements are expanded.
 */

import type { ConfigText, FormalParameter } from './ast.ts';
import type { Place } from './source-text.ts';

export interface PrimitiveClass {
  readonly kind: 'primitive';
  readonly name: string;
}

export interface CompoundClass {
  readonly kind: 'compound';
  /** Empty for a compound without a name. */
  readonly name: string;
  /** The definitions, in the order in which they are tried. */
  readonly bodies: readonly CompoundBody[];
  /** What is tried after them: the class that `|| ...` extends. */
  readonly older?: ClassMeaning;
}

export type ClassMeaning = PrimitiveClass | CompoundClass;

export interface ScopeNode {
  readonly name: string;
  readonly place: Place;
  /** Missing for the ends of passages: `input`, `output` and element groups. */
  readonly meaning?: ClassMeaning;
  readonly config?: ConfigText;
  /** An element group; the next two nodes are its `input` and `output`. */
  readonly isGroup: boolean;
  /** Port numbers that connections in this scope use. */
  readonly usedInputs: Set<number>;
  readonly usedOutputs: Set<number>;
}

export interface ScopeConnection {
  readonly from: number;
  readonly fromPort: number;
  readonly to: number;
  readonly toPort: number;
  readonly place: Place;
}

/** The first two nodes of a compound's body are its `input` and `output`. */
export interface CompoundBody {
  readonly place: Place;
  readonly formals: readonly FormalParameter[];
  /** Values of `define` statements, not yet expanded. */
  readonly definitions: ReadonlyMap<string, string>;
  readonly nodes: readonly ScopeNode[];
  readonly connections: readonly ScopeConnection[];
  readonly inputs: number;
  readonly outputs: number;
  /** How many compounds this one is written in, itself included. The file has 0. */
  readonly depth: number;
}

/** Element classes that a scope has defined, with those of the scopes around it. */
export class ClassScope {
  readonly #around: ClassScope | undefined;
  readonly #meanings = new Map<string, ClassMeaning>();

  constructor(around?: ClassScope) {
    this.#around = around;
  }

  find(name: string): ClassMeaning | undefined {
    return this.#meanings.get(name) ?? this.#around?.find(name);
  }

  set(name: string, meaning: ClassMeaning): void {
    this.#meanings.set(name, meaning);
  }
}

/** Number of ports when the highest one used is known. */
export function portCount(used: ReadonlySet<number>): number {
  let count = 0;
  for (const port of used) {
    count = Math.max(count, port + 1);
  }
  return count;
}
