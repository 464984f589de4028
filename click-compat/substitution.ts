/** Parameters in configuration strings. Source: Click manual, click(5), "Configuration parameters", "Parameter definitions". */

import { splitWords } from './arguments.ts';
import { commentEnd } from './config-scan.ts';
import { quoteInside } from './quoting.ts';

/** Values that refer to other values are followed this far, as in Click; what is left stays as it is written. */
const deepestReference = 10;

/** Told how many characters a substitution made; may throw to stop it. */
export type Meter = (characters: number) => void;

interface Value {
  readonly text: string;
  /** The text has references of its own, to be looked up where it was defined. */
  readonly hasReferences: boolean;
}

/** The parameters of a scope, and of the scopes it is written in. */
export class Environment {
  readonly depth: number;
  readonly #around: Environment | undefined;
  readonly #values = new Map<string, Value>();

  constructor(depth: number, around?: Environment) {
    this.depth = depth;
    this.#around = around;
  }

  /** Arguments of a compound element: they have been expanded by the one who gave them. */
  setArgument(name: string, text: string): void {
    this.#values.set(name, { text, hasReferences: false });
  }

  /** `define` statements: expanded when used, so that their order does not matter. */
  setDefinition(name: string, text: string): void {
    this.#values.set(name, { text, hasReferences: true });
  }

  /** The innermost environment, this one included, that a scope of the given depth can be written in. */
  around(depth: number): Environment {
    return this.depth < depth || this.#around === undefined ? this : this.#around.around(depth);
  }

  /** Text with `$x`, `${x}`, `${x[n]}` and `${x-default}` replaced; what is not defined stays as it is. */
  expand(text: string, meter: Meter): string {
    return new Substitution(this, meter).expand(text, 0);
  }

  /** The value's text and where its own references have to be looked up. */
  find(name: string): { value: Value; home: Environment } | undefined {
    const value = this.#values.get(name);
    return value === undefined ? this.#around?.find(name) : { value, home: this };
  }
}

class Substitution {
  readonly #environment: Environment;
  readonly #meter: Meter;

  constructor(environment: Environment, meter: Meter) {
    this.#environment = environment;
    this.#meter = meter;
  }

  expand(text: string, depth: number): string {
    if (!text.includes('$') || depth > deepestReference) {
      return text;
    }
    this.#meter(text.length);
    const parts: string[] = [];
    let quote = '';
    let copied = 0;
    let index = 0;
    while (index < text.length) {
      const character = text[index]!;
      if (character === '\\' && quote === '"') {
        index += 2;
      } else if (character === '"' || character === "'") {
        quote = quote === '' ? character : quote === character ? '' : quote;
        index += 1;
      } else if (quote === '' && commentEnd(text, index) !== undefined) {
        const end = commentEnd(text, index)!;
        index = end < 0 ? text.length : end;
      } else if (character === '$' && quote !== "'") {
        const reference = this.#readReference(text, index, depth);
        const end = reference?.end ?? index + 1;
        if (reference?.value !== undefined) {
          const { value, isQuotable } = reference;
          this.#meter(value.length);
          parts.push(text.slice(copied, index), quote === '"' && isQuotable ? quoteInside(value) : value);
          copied = end;
        }
        index = end;
      } else {
        index += 1;
      }
    }
    parts.push(text.slice(copied));
    return parts.join('');
  }

  /** What stands at a `$`; no value: leave it as it is written. */
  #readReference(
    text: string,
    at: number,
    depth: number,
  ): { end: number; value?: string; isQuotable?: boolean } | undefined {
    const next = text[at + 1];
    if (next === '{') {
      const close = text.indexOf('}', at + 2);
      if (close < 0) {
        return { end: text.length };
      }
      const written = text.slice(at + 2, close);
      const body = this.expand(written, depth + 1);
      const value = this.#evaluate(body, depth);
      if (value !== undefined) {
        return { end: close + 1, value, isQuotable: true };
      }
      return body === written ? { end: close + 1 } : { end: close + 1, value: `\${${body}}` };
    }
    if (next === '(') {
      // A handler call, `$(element.handler …)`: it is run later, but parameters in it are replaced now.
      const close = endOfCall(text, at + 2);
      return close < 0
        ? { end: text.length }
        : { end: close + 1, value: `$(${this.expand(text.slice(at + 2, close), depth + 1)})` };
    }
    const name = wordAt(text, at + 1);
    if (name === '') {
      return undefined;
    }
    const value = this.#lookUp(name, depth);
    return value === undefined
      ? { end: at + 1 + name.length }
      : { end: at + 1 + name.length, value, isQuotable: true };
  }

  /** The inside of `${…}`: a name, a word's index in brackets, a default behind a dash. */
  #evaluate(body: string, depth: number): string | undefined {
    const parts = /^\s*([A-Za-z0-9_]*)\s*(?:\[\s*([0-9]+)\s*\]\s*)?(?:-([\s\S]*))?/.exec(body)!;
    const value = this.#lookUp(parts[1]!, depth);
    if (value === undefined) {
      return parts[3] === undefined ? undefined : this.expand(parts[3], depth + 1);
    }
    return parts[2] === undefined ? value : (splitWords(value)[Number(parts[2])] ?? '');
  }

  #lookUp(name: string, depth: number): string | undefined {
    const found = this.#environment.find(name);
    if (found === undefined || !found.value.hasReferences) {
      return found?.value.text;
    }
    return new Substitution(found.home, this.#meter).expand(found.value.text, depth + 1);
  }
}

function wordAt(text: string, start: number): string {
  let end = start;
  while (end < text.length && /[A-Za-z0-9_]/.test(text[end]!)) {
    end += 1;
  }
  return text.slice(start, end);
}

function endOfCall(text: string, start: number): number {
  let level = 1;
  let quote = '';
  for (let index = start; index < text.length; index += 1) {
    const character = text[index]!;
    if (character === '\\' && quote !== "'") {
      index += 1;
    } else if (character === '"' || character === "'") {
      quote = quote === '' ? character : quote === character ? '' : quote;
    } else if (quote === '' && character === '(') {
      level += 1;
    } else if (quote === '' && character === ')') {
      level -= 1;
      if (level === 0) {
        return index;
      }
    }
  }
  return -1;
}
