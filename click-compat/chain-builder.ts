/** Resolves one chain: declares its elements, finds those it refers to, and connects them. */

import type { ChainStatement, CompoundNode, ConfigText, ElementUse, NamedClass, PortList } from './ast.ts';
import type { BodyBuilder } from './body-builder.ts';
import type { PortSlot } from './chain-ports.ts';
import { pairPorts } from './chain-ports.ts';
import { given } from './optional-property.ts';
import type { ClassMeaning } from './scope.ts';
import type { Place } from './source-text.ts';

/** Where in its chain a list of elements stands. */
interface ListPosition {
  readonly isFirst: boolean;
  readonly hasArrowAfter: boolean;
  /** Of the list, or of what stands in its place when it is empty. */
  readonly place: Place;
}

/** An element of a list, before its node is made. */
interface Member {
  readonly place: Place;
  readonly name: string;
  /** The name is that of a class: an element without a name of its own. */
  readonly className?: ClassMeaning;
  readonly declared?: ClassMeaning;
  readonly config?: ConfigText;
  /** Known already: a group, `input` or `output`. */
  readonly node?: number;
  readonly inputs: Ports;
  readonly outputs: Ports;
}

interface Ports {
  readonly ports: readonly number[];
  readonly expandable: boolean;
}

interface ResolvedList {
  readonly inputs: readonly PortSlot[];
  readonly outputs: readonly PortSlot[];
}

const noPorts: Ports = { ports: [], expandable: false };

export class ChainBuilder {
  readonly #body: BodyBuilder;

  constructor(body: BodyBuilder) {
    this.#body = body;
  }

  add({ first, links, place }: ChainStatement): void {
    let left = this.#resolve(first, { isFirst: true, hasArrowAfter: links.length > 0, place });
    if (left.inputs.some((slot) => slot.ports.length > 0)) {
      this.#report(place, 'input ports ignored at start of chain');
    }
    for (const [index, link] of links.entries()) {
      const hasArrowAfter = index + 1 < links.length;
      const listPlace = link.elements[0]?.place ?? links[index + 1]?.place ?? link.place;
      const right = this.#resolve(link.elements, { isFirst: false, hasArrowAfter, place: listPlace });
      this.#connect(left.outputs, right.inputs, link.arrow, link.place);
      left = right;
    }
    if (left.outputs.some((slot) => slot.ports.length > 0)) {
      this.#report(links.at(-1)?.elements.at(-1)?.place ?? place, 'output ports ignored at end of chain');
    }
  }

  #connect(
    outputs: readonly PortSlot[],
    inputs: readonly PortSlot[],
    arrow: '->' | '=>',
    place: Place,
  ): void {
    if (outputs.length === 0 || inputs.length === 0) {
      return;
    }
    const { pairs, problem } = pairPorts(outputs, inputs, arrow);
    if (problem !== undefined) {
      this.#body.reading.report(place, problem.message, problem.isSyntax);
    }
    this.#body.reading.spend(pairs.length, place);
    for (const [from, to] of pairs) {
      this.#body.nodes[from.node]!.usedOutputs.add(from.port);
      this.#body.nodes[to.node]!.usedInputs.add(to.port);
      this.#body.connections.push({
        from: from.node,
        fromPort: from.port,
        to: to.node,
        toPort: to.port,
        place,
      });
    }
  }

  #resolve(uses: readonly ElementUse[], position: ListPosition): ResolvedList {
    const written = uses.length > 0 ? uses : [{ place: position.place }];
    const members = written.flatMap((use) => this.#member(use, position) ?? []);
    const spread = this.#spreadDeclaration(members, position);
    const nodes = spread.map((member) => member.node ?? this.#makeNode(member));
    return {
      inputs: spread.map((member, index) => ({ node: nodes[index]!, ...member.inputs })),
      outputs: spread.map((member, index) => ({ node: nodes[index]!, ...member.outputs })),
    };
  }

  #member(use: ElementUse, position: ListPosition): Member | undefined {
    const { element, place } = use;
    if (element === undefined) {
      return this.#implicitMember(use, position);
    }
    const ports = { inputs: this.#ports(use.before), outputs: this.#ports(use.after) };
    if (element.kind === 'group') {
      const { node, inputs, outputs } = this.#body.addGroup(element.statements, place);
      return {
        place,
        name: '',
        node,
        // A group without written ports has all of them, in order.
        inputs: use.before === undefined ? allPorts(inputs) : ports.inputs,
        outputs: use.after === undefined ? allPorts(outputs) : ports.outputs,
      };
    }
    const config = given('config', element.config);
    if (element.kind === 'anonymous') {
      const className = this.#body.buildCompound('', element.compound);
      return { place, name: '', className, ...config, ...ports };
    }
    const className = this.#body.findClass(element.name);
    const declared = this.#declared(element.declaredClass);
    return {
      place,
      name: element.name,
      ...given('className', className),
      ...given('declared', declared),
      ...config,
      ...ports,
    };
  }

  #declared(use: NamedClass | CompoundNode | undefined): ClassMeaning | undefined {
    return use === undefined ? undefined : this.#body.useClass(use);
  }

  /** An element that is left out: `input` at the start of a chain, `output` at its end. */
  #implicitMember(use: ElementUse, { isFirst, hasArrowAfter }: ListPosition): Member | undefined {
    const name = isFirst ? 'input' : 'output';
    const node = this.#body.isNested ? this.#body.findNode(name) : undefined;
    const ports = this.#ports(use.before);
    if (node === undefined) {
      this.#body.reading.report(use.place, use.before ? 'stranded port' : "syntax error near '->'", true);
      return undefined;
    }
    if (isFirst !== hasArrowAfter) {
      const message = isFirst ? 'stranded port' : 'implicit ports used in the middle of a chain';
      this.#body.reading.report(use.place, message, true);
      return undefined;
    }
    return {
      place: use.place,
      name,
      node,
      inputs: isFirst ? noPorts : ports,
      outputs: isFirst ? ports : noPorts,
    };
  }

  /** `a, b, c :: Class(…)` alone declares all three. */
  #spreadDeclaration(
    members: readonly Member[],
    { isFirst, hasArrowAfter }: ListPosition,
  ): readonly Member[] {
    const last = members.at(-1);
    const before = members.slice(0, -1);
    const isDeclaration =
      isFirst &&
      !hasArrowAfter &&
      last?.declared !== undefined &&
      before.every((one) => one.name !== '' && one.declared === undefined && one.config === undefined) &&
      members.every((one) => one.inputs.ports.length === 0 && one.outputs.ports.length === 0);
    if (!isDeclaration) {
      return members;
    }
    const declaration = {
      declared: last.declared,
      ...given('config', last.config),
    };
    return members.map((one) => ({ ...one, ...declaration }));
  }

  #makeNode(member: Member): number {
    const { name, place, className, declared, config } = member;
    const withConfig = given('config', config);
    if (className !== undefined) {
      if (declared !== undefined) {
        this.#report(place, `class '${name}' used as element name`);
      }
      return this.#body.addAnonymous({ name, place, meaning: className, ...withConfig });
    }
    const existing = this.#body.findNode(name);
    if (existing !== undefined) {
      if (declared !== undefined) {
        this.#report(place, `redeclaration of element '${name}'`);
        this.#report(this.#body.nodes[existing]!.place, `element '${name}' previously declared here`);
      } else if (config !== undefined) {
        this.#report(config.place, 'configuration string ignored on element reference');
      }
      return existing;
    }
    if (declared !== undefined) {
      return this.#body.addNamed({ name, place, meaning: declared, ...withConfig });
    }
    if (name === 'input' || name === 'output' || !this.#body.reading.assumeClass(name)) {
      this.#report(place, `undeclared element '${name}'`);
    }
    return this.#body.addAnonymous({ name, place, meaning: { kind: 'primitive', name }, ...withConfig });
  }

  #ports(list: PortList | undefined): Ports {
    if (list === undefined) {
      return noPorts;
    }
    const ports: number[] = [];
    for (const { first, last } of list.ranges) {
      this.#body.reading.spend(last - first + 1, list.place);
      for (let port = first; port <= last; port += 1) {
        ports.push(port);
      }
    }
    return { ports: ports.length === 0 ? [0] : ports, expandable: list.expandable };
  }

  #report(place: Place, message: string): void {
    this.#body.reading.report(place, message);
  }
}

function allPorts(count: number): Ports {
  return { ports: Array.from({ length: count }, (_, port) => port), expandable: false };
}
