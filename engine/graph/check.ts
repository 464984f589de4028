/** Checks that a graph is a router: classes, port numbers, push and pull. */

import type { Diagnostic, SourceLineLookup } from './diagnostics.ts';
import { diagnosticsError } from './diagnostics.ts';
import type { ClassLookup, ElementClass } from './element-class.ts';
import type { PortCounts, Processing } from './port-codes.ts';
import { countPorts, flowPairs, highestPort, readProcessing } from './port-codes.ts';
import type { PortProcessing, ProcessingConflict, Wire } from './processing.ts';
import { resolveProcessing } from './processing.ts';
import type { GraphConnection, GraphElement, GraphPort, RouterGraph } from './router-graph.ts';

export interface CheckOptions {
  /** Finds the lines that messages show, e.g. `clickSourceLines(text, file)`. */
  readonly sourceLine?: SourceLineLookup;
}

export interface CheckedElement {
  readonly element: GraphElement;
  readonly elementClass: ElementClass;
  /** One entry per port. */
  readonly inputs: readonly ('push' | 'pull')[];
  readonly outputs: readonly ('push' | 'pull')[];
}

export interface CheckedGraph {
  readonly graph: RouterGraph;
  /** In the order of `graph.elements`. */
  readonly elements: readonly CheckedElement[];
  readonly byName: ReadonlyMap<string, CheckedElement>;
  /** Finds the lines that messages about this graph show. */
  readonly sourceLine?: SourceLineLookup;
}

/**
 * Checks a graph against the classes of its elements and resolves push and pull.
 * @throws HotclickError HC_CONFIG_INVALID that lists every fault; `details.errors` is `{ position, message }[]`.
 */
export function checkGraph(
  graph: RouterGraph,
  lookup: ClassLookup,
  options: CheckOptions = {},
): CheckedGraph {
  const check = new GraphCheck(graph, lookup);
  const checked = check.run();
  if (check.faults.length > 0) {
    throw diagnosticsError('HC_CONFIG_INVALID', check.faults, options.sourceLine);
  }
  return options.sourceLine === undefined ? checked : { ...checked, sourceLine: options.sourceLine };
}

/** An element while it is checked. Without a class it has the ports that are used, so that the rest can be checked. */
interface Subject {
  readonly element: GraphElement;
  readonly elementClass: ElementClass | undefined;
  readonly usedInputs: Set<number>;
  readonly usedOutputs: Set<number>;
  counts: PortCounts;
}

class GraphCheck {
  readonly faults: Diagnostic[] = [];
  readonly #graph: RouterGraph;
  readonly #subjects: Subject[];
  readonly #numbers = new Map<string, number>();
  readonly #origins = new Map<Wire, GraphConnection>();

  constructor(graph: RouterGraph, lookup: ClassLookup) {
    this.#graph = graph;
    this.#subjects = graph.elements.map((element) => ({
      element,
      elementClass: lookup(element.className),
      usedInputs: new Set(),
      usedOutputs: new Set(),
      counts: { inputs: 0, outputs: 0 },
    }));
  }

  run(): CheckedGraph {
    for (const [number, { element, elementClass }] of this.#subjects.entries()) {
      if (elementClass === undefined) {
        this.#report(element, `unknown element class '${element.className}'`);
      }
      if (this.#numbers.has(element.name)) {
        this.#report(element, `redeclaration of element '${element.name}'`);
      }
      this.#numbers.set(element.name, number);
    }
    const wires = this.#distinctWires();
    this.#countPorts(wires);
    const inRange = this.#dropMissingPorts(wires);
    const resolved = this.#resolve(inRange);
    this.#checkReuse(inRange, resolved);
    this.#checkUnused();
    const elements = this.#subjects.flatMap(({ element, elementClass }, number) => {
      const ports = { inputs: resolved.inputs[number]!, outputs: resolved.outputs[number]! };
      return elementClass === undefined ? [] : [{ element, elementClass, ...ports }];
    });
    return { graph: this.#graph, elements, byName: new Map(elements.map((one) => [one.element.name, one])) };
  }

  /** A connection that is written twice is one connection. */
  #distinctWires(): Wire[] {
    const wires = new Map<string, Wire>();
    for (const connection of this.#graph.connections) {
      const from = this.#find(connection.from, connection);
      const to = this.#find(connection.to, connection);
      if (from !== undefined && to !== undefined) {
        const wire = { from, fromPort: connection.from.port, to, toPort: connection.to.port };
        const key = `${from}:${wire.fromPort}:${to}:${wire.toPort}`;
        if (!wires.has(key)) {
          wires.set(key, wire);
          this.#origins.set(wire, connection);
        }
      }
    }
    return [...wires.values()];
  }

  #find({ element, port }: GraphPort, connection: GraphConnection): number | undefined {
    const number = this.#numbers.get(element);
    if (number === undefined) {
      this.#report(connection, `undeclared element '${element}'`);
      return undefined;
    }
    if (!Number.isInteger(port) || port < 0 || port > highestPort) {
      this.#report(connection, `bad port number '${port}' of '${element}'`);
      return undefined;
    }
    return number;
  }

  #countPorts(wires: readonly Wire[]): void {
    for (const { from, fromPort, to, toPort } of wires) {
      this.#subjects[from]!.usedOutputs.add(fromPort);
      this.#subjects[to]!.usedInputs.add(toPort);
    }
    for (const subject of this.#subjects) {
      const { element, elementClass, usedInputs, usedOutputs } = subject;
      const used = { inputs: highest(usedInputs) + 1, outputs: highest(usedOutputs) + 1 };
      const counts = elementClass === undefined ? used : countPorts(elementClass.ports, used);
      if (counts === undefined) {
        this.#report(element, `bad port count code '${elementClass?.ports}' of class '${element.className}'`);
      }
      subject.counts = counts ?? used;
    }
  }

  #dropMissingPorts(wires: readonly Wire[]): Wire[] {
    for (const subject of this.#subjects) {
      const missing = (kind: string, used: ReadonlySet<number>, count: number) => {
        for (const port of [...used].filter((one) => one >= count).sort((a, b) => a - b)) {
          this.#report(subject.element, `'${describe(subject)}' has no ${kind} ${port}`);
        }
      };
      missing('input', subject.usedInputs, subject.counts.inputs);
      missing('output', subject.usedOutputs, subject.counts.outputs);
    }
    return wires.filter(
      ({ from, fromPort, to, toPort }) =>
        fromPort < this.#subjects[from]!.counts.outputs && toPort < this.#subjects[to]!.counts.inputs,
    );
  }

  #resolve(wires: readonly Wire[]): ReturnType<typeof resolveProcessing> {
    const ports = this.#subjects.map((subject) => this.#portProcessing(subject));
    const resolved = resolveProcessing(ports, wires);
    for (const conflict of resolved.conflicts) {
      this.#reportConflict(conflict);
    }
    return resolved;
  }

  #portProcessing({ element, elementClass, counts }: Subject): PortProcessing {
    if (elementClass === undefined) {
      // Nothing is known of it: it ties no ports together.
      return { ...agnosticPorts(counts), flows: [] };
    }
    const { processing, flow } = elementClass;
    const sides = readProcessing(processing, counts);
    const ports = sides ?? agnosticPorts(counts);
    const flows = flowPairs(flow, agnosticOf(ports.inputs), agnosticOf(ports.outputs));
    if (sides === undefined) {
      this.#report(element, `bad processing code '${processing}' of class '${element.className}'`);
    }
    if (flows === undefined) {
      this.#report(element, `bad flow code '${flow}' of class '${element.className}'`);
    }
    return { ...ports, flows: flows ?? [] };
  }

  #reportConflict(conflict: ProcessingConflict): void {
    const { from } = conflict;
    const other = from === 'push' ? 'pull' : 'push';
    if (conflict.kind === 'inside') {
      const subject = this.#subjects[conflict.element]!;
      const ports = `${other} input ${conflict.input}, ${from} output ${conflict.output}`;
      this.#report(subject.element, `agnostic '${describe(subject)}' in mixed context: ${ports}`);
      return;
    }
    const { wire } = conflict;
    const source = this.#subjects[wire.from]!;
    const target = this.#subjects[wire.to]!;
    this.#report(
      this.#origins.get(wire) ?? source.element,
      `'${describe(source)}' ${from} output ${wire.fromPort} connected to ` +
        `'${describe(target)}' ${other} input ${wire.toPort}`,
    );
  }

  /** A push output leads to one place only, and a pull input asks one place only. */
  #checkReuse(wires: readonly Wire[], resolved: ReturnType<typeof resolveProcessing>): void {
    const used = new Map<string, number>();
    const use = (number: number, kind: string, port: number) => {
      const key = `${number}:${kind}:${port}`;
      const times = (used.get(key) ?? 0) + 1;
      used.set(key, times);
      if (times === 2) {
        const subject = this.#subjects[number]!;
        this.#report(subject.element, `illegal reuse of '${describe(subject)}' ${kind} ${port}`);
      }
    };
    for (const { from, fromPort, to, toPort } of wires) {
      if (resolved.outputs[from]![fromPort] === 'push') {
        use(from, 'push output', fromPort);
      }
      if (resolved.inputs[to]![toPort] === 'pull') {
        use(to, 'pull input', toPort);
      }
    }
  }

  #checkUnused(): void {
    for (const subject of this.#subjects) {
      const unused = (kind: string, used: ReadonlySet<number>, count: number) => {
        for (let port = 0; port < count; port += 1) {
          if (!used.has(port)) {
            this.#report(subject.element, `'${describe(subject)}' ${kind} ${port} unused`);
          }
        }
      };
      // Without a class the number of ports is a guess.
      if (subject.elementClass !== undefined) {
        unused('input', subject.usedInputs, subject.counts.inputs);
        unused('output', subject.usedOutputs, subject.counts.outputs);
      }
    }
  }

  #report({ position }: GraphElement | GraphConnection, message: string): void {
    this.faults.push(position === undefined ? { message } : { position, message });
  }
}

function agnosticPorts({ inputs, outputs }: PortCounts): { inputs: Processing[]; outputs: Processing[] } {
  const side = (length: number) => Array.from({ length }, (): Processing => 'agnostic');
  return { inputs: side(inputs), outputs: side(outputs) };
}

function agnosticOf(ports: readonly Processing[]): number[] {
  return [...ports.keys()].filter((port) => ports[port] === 'agnostic');
}

function highest(ports: ReadonlySet<number>): number {
  let top = -1;
  for (const port of ports) {
    top = Math.max(top, port);
  }
  return top;
}

function describe({ element }: Subject): string {
  return `${element.name} :: ${element.className}`;
}
