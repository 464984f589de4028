/** A configuration text that knows where its characters are, with `# N "file"` directives taken into account. */

import type { SourcePosition } from '../engine/graph/router-graph.ts';
import { unquote } from './quoting.ts';

/** A character of a source. */
export interface Place {
  readonly source: SourceText;
  readonly offset: number;
}

interface Directive {
  /** Index of the physical line the directive is in. */
  readonly physicalLine: number;
  readonly line: number;
  readonly file: string;
}

const directivePattern = /^#(?:[ \t]*line[ \t]+|[ \t]*)([0-9]{1,9})[ \t]*("(?:[^"\\\r\n]|\\.)*"?)?/;

export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  readonly #directives: Directive[] = [];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const lineEnd = /\r\n|\r|\n/g;
    while (lineEnd.exec(text) !== null) {
      this.#lineStarts.push(lineEnd.lastIndex);
    }
  }

  /**
   * Takes note of a line directive; they have to come in the order of the text.
   * @returns false when the text is not `# N`, `# N "file"` or `#line N "file"`.
   */
  addDirective(offset: number, directive: string): boolean {
    const parts = directivePattern.exec(directive);
    if (parts === null) {
      return false;
    }
    const previous = this.#directives.at(-1);
    let file = previous?.file ?? this.file;
    if (parts[2] !== undefined) {
      // An empty file name leads back to the file that is being read.
      file = unquote(parts[2].endsWith('"') && parts[2].length > 1 ? parts[2] : `${parts[2]}"`) || this.file;
    }
    this.#directives.push({ physicalLine: this.#lineIndex(offset), line: Number(parts[1]), file });
    return true;
  }

  positionAt(offset: number): SourcePosition {
    const index = this.#lineIndex(offset);
    const column = offset - this.#lineStarts[index]! + 1;
    // Line starts and directives are both in order; the last one before the position counts.
    const directive = this.#directives[lastIndex(this.#directives, (one) => one.physicalLine < index)];
    if (directive === undefined) {
      return { file: this.file, line: index + 1, column };
    }
    return { file: directive.file, line: directive.line + (index - directive.physicalLine - 1), column };
  }

  /** The physical line around an offset, without its line end. */
  lineAt(offset: number): string {
    const index = this.#lineIndex(offset);
    const end = this.#lineStarts[index + 1] ?? this.text.length;
    return this.text.slice(this.#lineStarts[index], end).replace(/[\r\n]+$/, '');
  }

  /** The physical line a position made by `positionAt` is in; undefined when it lies outside this text. */
  lineOf(position: SourcePosition): string | undefined {
    for (let next = this.#directives.length; next >= 0; next -= 1) {
      const directive = this.#directives[next - 1];
      const file = directive?.file ?? this.file;
      const first = directive === undefined ? 0 : directive.physicalLine + 1;
      const last = this.#directives[next]?.physicalLine ?? this.#lineStarts.length - 1;
      const index = first + position.line - (directive?.line ?? 1);
      if (file === position.file && index >= first && index <= last) {
        return this.lineAt(this.#lineStarts[index]!);
      }
    }
    return undefined;
  }

  #lineIndex(offset: number): number {
    return lastIndex(this.#lineStarts, (start) => start <= offset);
  }
}

/** Index of the last item that fits, in a list whose fitting items come first; -1 when none does. */
function lastIndex<Item>(items: readonly Item[], fits: (item: Item) => boolean): number {
  let low = -1;
  let high = items.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(items[middle]!)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}
