/** Expands compound elements: one flat list of nodes, in Click's order. */

import type { SourcePosition } from '../engine/graph/router-graph.ts';
import { splitArguments, splitWithOffsets } from './arguments.ts';
import { findConfigEnd } from './config-scan.ts';
import { assignArguments, describeFormals, describeUse } from './formals.ts';
import type { Reading } from './reading.ts';
import type { ClassMeaning, CompoundBody, CompoundClass, ScopeNode } from './scope.ts';
import { portCount } from './scope.ts';
import type { Place } from './source-text.ts';
import { Environment } from './substitution.ts';

export interface FlatNode {
  readonly name: string;
  readonly place: Place;
  /** Undefined while the node is the end of a passage: a compound, a group, an `input` or `output`. */
  className?: string;
  args: readonly string[];
  argPositions: readonly SourcePosition[];
  /** For passages: packets that arrive here go on from that node, from the output with the same number. */
  leadsTo?: number;
}

export interface FlatConnection {
  readonly from: number;
  readonly fromPort: number;
  readonly to: number;
  readonly toPort: number;
  readonly place: Place;
}

/** Compounds inside compounds, through the classes they use. */
const deepestExpansion = 200;

export class Expansion {
  readonly nodes: FlatNode[] = [];
  readonly connections: FlatConnection[] = [];
  readonly #reading: Reading;
  readonly #names = new Map<string, number>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Adds the elements of the file's own scope and of all compounds in it. */
  addFile(body: CompoundBody, environment: Environment): void {
    this.#addBody(body, '', environment, 0);
    this.#checkNames();
  }

  /** A name means a class before it means an element, so that an element with the name of a class could not be named. */
  #checkNames(): void {
    const classes = new Set(this.nodes.map(({ className }) => className));
    for (const { name, className, place } of this.nodes) {
      if (className !== undefined && classes.has(name))
        this.#reading.report(place, `class '${name}' used as element name`);
    }
  }

  #addBody(
    body: CompoundBody,
    prefix: string,
    environment: Environment,
    level: number,
    owner?: number,
  ): void {
    const first = this.nodes.length;
    for (const node of body.nodes) {
      this.#addNode(node, prefix, environment);
    }
    for (const [index, node] of body.nodes.entries()) {
      if (node.isGroup) {
        this.#openPassage(first + index, first + index + 1);
        this.#checkPorts(node, groupPorts(body, index), '<anonymous group>');
      }
    }
    if (owner !== undefined) {
      this.#openPassage(owner, first);
    }
    for (const connection of body.connections) {
      this.#reading.spend(1, connection.place);
      this.connections.push({ ...connection, from: first + connection.from, to: first + connection.to });
    }
    for (const [index, node] of body.nodes.entries()) {
      if (node.meaning?.kind === 'compound') {
        this.#addCompound(first + index, node, node.meaning, environment, level);
      }
    }
  }

  /** What enters the outer node goes on from `input`, what enters `output` goes on from the outer node. */
  #openPassage(outer: number, input: number): void {
    this.nodes[outer]!.leadsTo = input;
    this.nodes[input + 1]!.leadsTo = outer;
  }

  #addNode(node: ScopeNode, prefix: string, environment: Environment): void {
    const name = prefix + node.name;
    this.#reading.spend(1 + name.length, node.place);
    const previous = this.#names.get(name);
    if (node.meaning !== undefined && previous !== undefined) {
      this.#reading.report(node.place, `redeclaration of element '${name}'`);
      this.#reading.report(this.nodes[previous]!.place, `'${name}' previously declared here`);
    } else if (node.meaning !== undefined) {
      this.#names.set(name, this.nodes.length);
    }
    const flat: FlatNode = { name, place: node.place, args: [], argPositions: [] };
    if (node.meaning?.kind === 'primitive') {
      this.#makeElement(flat, node, node.meaning.name, environment);
    }
    this.nodes.push(flat);
  }

  #makeElement(flat: FlatNode, node: ScopeNode, className: string, environment: Environment): void {
    flat.className = className;
    const { args, positions } = this.#expandConfig(node, environment);
    flat.args = args;
    flat.argPositions = positions;
  }

  #addCompound(
    index: number,
    node: ScopeNode,
    meaning: CompoundClass,
    environment: Environment,
    level: number,
  ): void {
    const flat = this.nodes[index]!;
    if (level >= deepestExpansion) {
      this.#reading.report(node.place, `compound elements are nested more than ${deepestExpansion} deep`);
      return;
    }
    const { args } = this.#expandConfig(node, environment);
    const chosen = this.#choose(node, meaning, args);
    if (chosen?.kind === 'primitive') {
      this.#makeElement(flat, node, chosen.name, environment);
    } else if (chosen !== undefined) {
      const { body, values } = chosen;
      this.#checkPorts(node, body, flat.name);
      const inner = new Environment(body.depth, environment.around(body.depth));
      for (const [position, formal] of body.formals.entries()) {
        inner.setArgument(formal.variable, values[position]!);
      }
      for (const [name, text] of body.definitions) {
        inner.setDefinition(name, text);
      }
      this.#addBody(body, `${flat.name}/`, inner, level + 1, index);
    }
  }

  /** The first definition that fits the number of ports and the arguments. */
  #choose(
    node: ScopeNode,
    meaning: CompoundClass,
    args: readonly string[],
  ):
    | { kind: 'body'; body: CompoundBody; values: readonly string[] }
    | { kind: 'primitive'; name: string }
    | undefined {
    const inputs = portCount(node.usedInputs);
    const outputs = portCount(node.usedOutputs);
    const bodies: CompoundBody[] = [];
    let next: ClassMeaning | undefined = meaning;
    for (; next?.kind === 'compound'; next = next.older) {
      bodies.push(...next.bodies);
    }
    for (const body of bodies) {
      const values = assignArguments(body.formals, args);
      if (values !== undefined && body.inputs === inputs && body.outputs === outputs) {
        return { kind: 'body', body, values };
      }
    }
    if (next !== undefined) {
      return next;
    }
    // A single definition with the wrong ports: the ports themselves can be named.
    const only = bodies.length === 1 ? bodies[0]! : undefined;
    const values = only && assignArguments(only.formals, args);
    if (only !== undefined && values !== undefined) {
      return { kind: 'body', body: only, values };
    }
    const use = describeUse(meaning.name, args.length, inputs, outputs);
    const candidates = bodies.map((body) =>
      describeFormals(meaning.name, body.formals, body.inputs, body.outputs),
    );
    this.#reading.report(node.place, `no match for '${use}'; candidates are: ${candidates.join('; ')}`);
    return undefined;
  }

  /** Compares the ports that are used outside with those that are inside. */
  #checkPorts(node: ScopeNode, inside: { inputs: number; outputs: number }, name: string): void {
    const check = (kind: 'input' | 'output', used: ReadonlySet<number>, count: number) => {
      for (let port = 0; port < count; port += 1) {
        if (!used.has(port)) {
          this.#reading.report(node.place, `'${name}' ${kind} ${port} unused`);
        }
      }
      for (const port of used) {
        if (port >= count) {
          this.#reading.report(node.place, `'${name}' has no ${kind} ${port}`);
        }
      }
    };
    check('input', node.usedInputs, inside.inputs);
    check('output', node.usedOutputs, inside.outputs);
  }

  #expandConfig(
    { config }: ScopeNode,
    environment: Environment,
  ): { args: string[]; positions: SourcePosition[] } {
    const args: string[] = [];
    const positions: SourcePosition[] = [];
    if (config === undefined) {
      return { args, positions };
    }
    const { source, offset: start } = config.place;
    let isSubstituted = false;
    for (const { text, offset } of splitWithOffsets(config.text, true)) {
      const place = { source, offset: start + offset };
      const expanded = environment.expand(text, (characters) => this.#reading.spend(characters, place));
      const isChanged = expanded !== text;
      // A value can hold several arguments, or none.
      const parts = isChanged ? splitArguments(expanded) : [text];
      isSubstituted ||= isChanged;
      for (const part of parts.length === 0 ? [''] : parts) {
        args.push(part);
        positions.push(source.positionAt(place.offset));
      }
    }
    if (args.at(-1) === '') {
      args.pop();
      positions.pop();
    }
    if (isSubstituted && !isBalanced(args.join(', '))) {
      const message = 'quotes or parentheses are not balanced after parameters are replaced';
      this.#reading.report(config.place, message);
    }
    return { args, positions };
  }
}

/** The arguments can stand between parentheses again. */
function isBalanced(config: string): boolean {
  const { end, open } = findConfigEnd(`${config})`, 0);
  return open === undefined && end === config.length;
}

/** Ports of the group at an index, seen from inside. */
function groupPorts(body: CompoundBody, index: number): { inputs: number; outputs: number } {
  return {
    inputs: portCount(body.nodes[index + 1]!.usedOutputs),
    outputs: portCount(body.nodes[index + 2]!.usedInputs),
  };
}
