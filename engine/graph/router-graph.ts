/** The router graph: a flat list of elements and connections, whatever language it was written in. */

/** A place in a configuration text; line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One element of a flat graph. Names of elements inside compounds are joined with '/', as in Click. */
export interface GraphElement {
  readonly name: string;
  readonly className: string;
  /** Configuration arguments, split at top-level commas, comments removed, white space trimmed. */
  readonly args: readonly string[];
  /** Where each argument starts; same length as `args`. Empty for graphs built by a program. */
  readonly argPositions: readonly SourcePosition[];
  /** Where the element was declared. */
  readonly position?: SourcePosition;
}

export interface GraphPort {
  readonly element: string;
  readonly port: number;
}

export interface GraphConnection {
  readonly from: GraphPort;
  readonly to: GraphPort;
  readonly position?: SourcePosition;
}

export interface RouterGraph {
  readonly elements: readonly GraphElement[];
  readonly connections: readonly GraphConnection[];
  /** Words of `require(…)` statements. */
  readonly requirements: readonly string[];
}
