/** Resolves the names of one scope: statements to nodes and connections. */

import { shiftWord, splitWithOffsets } from './arguments.ts';
import type {
  ChainStatement,
  CompoundNode,
  ConfigText,
  DefineStatement,
  ElementClassStatement,
  FormalParameter,
  NamedClass,
  Statement,
} from './ast.ts';
import { ChainBuilder } from './chain-builder.ts';
import { checkFormals } from './formals.ts';
import type { Reading } from './reading.ts';
import { readRequirements } from './requirements.ts';
import type { ClassMeaning, CompoundBody, ScopeConnection, ScopeNode } from './scope.ts';
import { ClassScope, portCount } from './scope.ts';
import type { Place } from './source-text.ts';

/** A node while its scope is read: its name can still change. */
interface NewNode extends ScopeNode {
  name: string;
  isGroup: boolean;
}

interface BodyOptions {
  readonly reading: Reading;
  readonly place: Place;
  readonly depth: number;
  /** Class name for messages; undefined for the file. */
  readonly compoundName?: string;
  readonly formals?: readonly FormalParameter[];
  readonly classes?: ClassScope;
}

export class BodyBuilder {
  readonly reading: Reading;
  readonly nodes: NewNode[] = [];
  readonly connections: ScopeConnection[] = [];
  readonly #options: BodyOptions;
  readonly #classes: ClassScope;
  readonly #names = new Map<string, number>();
  readonly #anonymous: number[] = [];
  readonly #definitions = new Map<string, string>();
  #groupDepth = 0;

  constructor(options: BodyOptions) {
    this.reading = options.reading;
    this.#options = options;
    this.#classes = new ClassScope(options.classes);
    if (options.compoundName !== undefined) {
      this.#names.set('input', this.addNode({ name: 'input', place: options.place }));
      this.#names.set('output', this.addNode({ name: 'output', place: options.place }));
      for (const { formal, message } of checkFormals(options.formals ?? [])) {
        this.reading.report(formal.place, message);
      }
    }
  }

  /** `input` and `output` have a meaning here. */
  get isNested(): boolean {
    return this.#options.compoundName !== undefined || this.#groupDepth > 0;
  }

  addStatements(statements: readonly Statement[]): void {
    for (const statement of statements) {
      switch (statement.kind) {
        case 'chain':
          this.#addChain(statement);
          break;
        case 'elementclass':
          this.#addElementClass(statement);
          break;
        case 'define':
          this.#addDefinitions(statement);
          break;
        case 'require':
          readRequirements(this.reading, statement, this.isNested, (library) => this.addStatements(library));
          break;
      }
    }
  }

  finish(): CompoundBody {
    const { compoundName, place, formals = [], depth } = this.#options;
    let inputs = 0;
    let outputs = 0;
    if (compoundName !== undefined) {
      const name = compoundName === '' ? '<anonymous>' : compoundName;
      ({ inputs, outputs } = this.#checkPassage(0, 1, name, place));
    }
    for (const index of this.#anonymous) {
      this.#settleName(index);
    }
    return {
      place,
      formals,
      depth,
      inputs,
      outputs,
      definitions: this.#definitions,
      nodes: this.nodes,
      connections: this.connections,
    };
  }

  findNode(name: string): number | undefined {
    return this.#names.get(name);
  }

  findClass(name: string): ClassMeaning | undefined {
    const meaning = this.#classes.find(name);
    return meaning ?? (this.reading.isKnownClass(name) ? { kind: 'primitive', name } : undefined);
  }

  /** The meaning of `:: class`; an unknown class is reported and then taken as it is. */
  useClass(use: NamedClass | CompoundNode): ClassMeaning {
    if (use.kind === 'compound') {
      return this.buildCompound('', use);
    }
    const meaning = this.findClass(use.name);
    if (meaning === undefined && !this.reading.assumeClass(use.name)) {
      this.reading.report(use.place, `unknown element class '${use.name}'`);
    }
    return meaning ?? { kind: 'primitive', name: use.name };
  }

  buildCompound(name: string, node: CompoundNode): ClassMeaning {
    const bodies = node.alternatives.map(({ place, formals, statements }) => {
      const builder = new BodyBuilder({
        reading: this.reading,
        place,
        formals,
        classes: this.#classes,
        depth: this.#options.depth + 1,
        compoundName: name,
      });
      builder.addStatements(statements);
      return builder.finish();
    });
    if (!node.extendsOlder) {
      return { kind: 'compound', name, bodies };
    }
    const older = this.findClass(name);
    if (older === undefined && (name === '' || !this.reading.assumeClass(name))) {
      this.reading.report(node.place, `cannot extend unknown element class '${name}'`);
    }
    return { kind: 'compound', name, bodies, older: older ?? { kind: 'primitive', name } };
  }

  addNode(node: { name: string; place: Place; meaning?: ClassMeaning; config?: ConfigText }): number {
    this.reading.spend(1, node.place);
    this.nodes.push({ ...node, isGroup: false, usedInputs: new Set(), usedOutputs: new Set() });
    return this.nodes.length - 1;
  }

  addNamed(node: { name: string; place: Place; meaning: ClassMeaning; config?: ConfigText }): number {
    if (/(?:^|\/)[0-9]+(?:\/|$)/.test(node.name)) {
      this.reading.report(node.place, `element name '${node.name}' has all-digit component`);
    }
    const index = this.addNode(node);
    this.#names.set(node.name, index);
    return index;
  }

  /** The element is named when the scope ends, after those that have names; Click counts in the same way. */
  addAnonymous(node: { name: string; place: Place; meaning: ClassMeaning; config?: ConfigText }): number {
    const index = this.addNode({ ...node, name: this.#numbered(node.name) });
    this.#anonymous.push(index);
    return index;
  }

  /** Reads an element group, which has an `input` and `output` of its own and shares all other names. */
  addGroup(
    statements: readonly Statement[],
    place: Place,
  ): { node: number; inputs: number; outputs: number } {
    const name = this.#numbered('');
    const node = this.addNode({ name, place });
    const input = this.addNode({ name: `${name}/input`, place });
    const output = this.addNode({ name: `${name}/output`, place });
    this.nodes[node]!.isGroup = true;
    const outer = [this.#names.get('input'), this.#names.get('output')] as const;
    this.#names.set('input', input);
    this.#names.set('output', output);
    this.#groupDepth += 1;
    this.addStatements(statements);
    this.#groupDepth -= 1;
    this.#restore('input', outer[0]);
    this.#restore('output', outer[1]);
    return { node, ...this.#checkPassage(input, output, '<anonymous group>', place) };
  }

  #addChain(statement: ChainStatement): void {
    new ChainBuilder(this).add(statement);
  }

  #addElementClass({ name, meaning }: ElementClassStatement): void {
    this.#classes.set(
      name,
      meaning.kind === 'compound' ? this.buildCompound(name, meaning) : this.useClass(meaning),
    );
  }

  #addDefinitions({ config }: DefineStatement): void {
    for (const { text, offset } of splitWithOffsets(config.text, true)) {
      const place = { ...config.place, offset: config.place.offset + offset };
      const { word, rest } = shiftWord(text);
      const name = word.slice(1);
      if (text === '') {
        continue;
      }
      if (!/^\$[A-Za-z0-9_]+$/.test(word)) {
        this.reading.report(place, "bad 'define' declaration: not a variable");
      } else if (this.#definitions.has(name) || this.#options.formals?.some((one) => one.variable === name)) {
        this.reading.report(place, `parameter '$${name}' multiply defined`);
      } else {
        this.#definitions.set(name, rest);
      }
    }
  }

  /** Checks that `input` and `output` are used in the right direction and without holes in their numbers. */
  #checkPassage(
    input: number,
    output: number,
    name: string,
    place: Place,
  ): { inputs: number; outputs: number } {
    const check = (end: 'input' | 'output', used: Set<number>, wrong: Set<number>): number => {
      if (wrong.size > 0) {
        const other = end === 'input' ? 'output' : 'input';
        this.reading.report(place, `'${name}' pseudoelement '${end}' may only be used as ${other}`);
      }
      const count = portCount(used);
      for (let port = 0; used.size < count && port < count; port += 1) {
        if (!used.has(port)) {
          this.reading.report(place, `'${name}' ${end} ${port} missing`);
        }
      }
      return count;
    };
    const nodes = [this.nodes[input]!, this.nodes[output]!] as const;
    return {
      inputs: check('input', nodes[0].usedOutputs, nodes[0].usedInputs),
      outputs: check('output', nodes[1].usedInputs, nodes[1].usedOutputs),
    };
  }

  /** `Class@N`: N is the element's number in its scope. */
  #numbered(className: string): string {
    const own = this.#options.compoundName === undefined ? 0 : 2;
    return `${className}@${this.nodes.length - own + 1}`;
  }

  /** Moves on to the next number while another element has the name. */
  #settleName(index: number): void {
    const node = this.nodes[index]!;
    const [, className = '', start = ''] = /^(.*)@([0-9]+)$/.exec(node.name) ?? [];
    for (let number = Number(start); this.#names.has(node.name); ) {
      number += 1;
      node.name = `${className}@${number}`;
    }
    this.#names.set(node.name, index);
  }

  #restore(name: string, index: number | undefined): void {
    if (index === undefined) {
      this.#names.delete(name);
    } else {
      this.#names.set(name, index);
    }
  }
}
