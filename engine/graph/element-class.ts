/** What an element class says about itself. Read from the descriptor in its library; nothing is repeated by hand. */

export interface ArgumentInfo {
  readonly name: string;
  /** 'bool', 'u32', 'ip', 'ether', 'prefix', 'duration', 'string', 'rest', … */
  readonly type: string;
  readonly positional: boolean;
  readonly mandatory: boolean;
  readonly defaultText: string;
  readonly help: string;
}

export interface HandlerInfo {
  readonly name: string;
  readonly readable: boolean;
  /** Reading takes a parameter. */
  readonly parameter: boolean;
  readonly writable: boolean;
  /** How the values of all shards become one: 'sum', 'max', 'min', 'first', 'concat', 'same'. */
  readonly merge: string;
  readonly help: string;
}

export interface FieldInfo {
  readonly name: string;
  /** 'u8' … 'u64', 'i8' … 'i64', 'f64', 'bool', 'ip4', 'ether', 'bytes', 'text', 'time' (ns since the epoch), 'port' (u16 in network order). */
  readonly type: string;
  readonly offset: number;
  readonly size: number;
  /** What becomes of the values of shards that are no more; without it a shard that stays keeps its own. */
  readonly merge?: 'sum' | 'max' | 'min';
}

/** Names, types and offsets of a state's fields, with a version. */
export interface SchemaInfo {
  readonly version: number;
  readonly size: number;
  readonly fields: readonly FieldInfo[];
}

export interface StateInfo {
  readonly name: string;
  readonly kind: 'static' | 'section' | 'table';
  readonly schema: SchemaInfo;
  /** Tables only: the schema of the key, which is not versioned. */
  readonly key?: SchemaInfo;
  /** Lower versions from which the author converts to this one, and lower versions to which the author converts back. */
  readonly up?: readonly number[];
  readonly down?: readonly number[];
}

export interface ElementClass {
  readonly className: string;
  /** 'major.minor.patch' */
  readonly version: string;
  /** Click's port count code: 'inputs/outputs', e.g. '1/1-2', '0/1', '-/=' . */
  readonly ports: string;
  /** Click's processing code: 'push/pull', 'a/ah', … */
  readonly processing: string;
  /** Click's flow code: 'x/x', 'x/y', … */
  readonly flow: string;
  /** The doc comment's text. */
  readonly help: string;
  readonly arguments: readonly ArgumentInfo[];
  readonly handlers: readonly HandlerInfo[];
  readonly states: readonly StateInfo[];
  readonly drops: readonly { readonly name: string; readonly help: string }[];
  /** It says which packets belong to flows that it has records of, so that a newer version can run beside it. */
  readonly knowsFlows?: boolean;
  /** The library's static variables that are not declared as state; left out when there are none. */
  readonly statics?: UndeclaredStatics;
}

export interface UndeclaredStatics {
  readonly mode: 'symbols' | 'compiled';
  readonly variables: number;
  readonly bytes: number;
  /** How the store keeps them; left out when they do not outlive the process. */
  readonly stored?: StateInfo;
}

/** A state by its name in the store, where a class's undeclared statics are one more. */
export function storedState({ states, statics }: ElementClass, name: string): StateInfo | undefined {
  return statics?.stored?.name === name ? statics.stored : states.find((state) => state.name === name);
}

/** Finds a class by name; undefined when there is none. */
export type ClassLookup = (className: string) => ElementClass | undefined;
