/**
 * The lexical rules inside a configuration string (the text between the parentheses of `Class(…)`): what is
 * quoted, what is a comment, and where the string ends. Source: Click manual, click(5), "Lexical issues".
 *
 * Every `end…` function takes the index of the first character of a construct and returns the index after its
 * last, or -1 when the text ends before the construct does.
 */

export function endOfLineComment(text: string, at: number): number {
  let index = at + 2;
  while (index < text.length && text[index] !== '\n' && text[index] !== '\r') {
    index += 1;
  }
  return index;
}

export function endOfBlockComment(text: string, at: number): number {
  const close = text.indexOf('*/', at + 2);
  return close < 0 ? -1 : close + 2;
}

/** `\< 00 01 ff >`, in which comments may stand; `at` is the backslash. */
export function endOfData(text: string, at: number): number {
  let index = at + 2;
  while (index < text.length) {
    if (text[index] === '>') {
      return index + 1;
    }
    const comment = commentEnd(text, index);
    if (comment === -1) {
      return -1;
    }
    index = comment ?? index + 1;
  }
  return -1;
}

/** `"…"` with backslash escapes, or `'…'` without. */
export function endOfQuoted(text: string, at: number): number {
  const quote = text[at];
  let index = at + 1;
  while (index < text.length) {
    const character = text[index];
    if (character === quote) {
      return index + 1;
    }
    if (character === '\\' && quote === '"') {
      if (text[index + 1] === '<') {
        const end = endOfData(text, index);
        if (end < 0) {
          return -1;
        }
        index = end;
      } else {
        index += 2;
      }
    } else {
      index += 1;
    }
  }
  return -1;
}

/** End of the comment that starts at an index; undefined when none does, -1 when it does not end. */
export function commentEnd(text: string, at: number): number | undefined {
  if (text[at] !== '/') {
    return undefined;
  }
  if (text[at + 1] === '/') {
    return endOfLineComment(text, at);
  }
  return text[at + 1] === '*' ? endOfBlockComment(text, at) : undefined;
}

/** End of the quoted text or `\<…>` that starts at an index; undefined when none does, -1 when it does not end. */
export function quotedEnd(text: string, at: number): number | undefined {
  const character = text[at];
  if (character === '"' || character === "'") {
    return endOfQuoted(text, at);
  }
  return character === '\\' && text[at + 1] === '<' ? endOfData(text, at) : undefined;
}

export function isDirectiveStart(text: string, at: number): boolean {
  return text[at] === '#' && (at === 0 || text[at - 1] === '\n' || text[at - 1] === '\r');
}

export interface ConfigEnd {
  /** Index of the closing parenthesis, or the text's length. */
  readonly end: number;
  /** What was still open when the text ended, with the place where it began. */
  readonly open?: { readonly what: 'string' | 'comment' | 'parenthesis'; readonly at: number };
  /** Indices of line directives inside. */
  readonly directives: readonly number[];
}

/** Finds the parenthesis that closes a configuration string; `start` is the index after the opening one. */
export function findConfigEnd(text: string, start: number): ConfigEnd {
  const directives: number[] = [];
  const opened = [start - 1];
  let index = start;
  while (index < text.length) {
    const comment = commentEnd(text, index);
    const skipped = comment ?? quotedEnd(text, index);
    if (skipped === -1) {
      const what = comment === -1 ? 'comment' : 'string';
      return { end: text.length, open: { what, at: index }, directives };
    }
    if (skipped !== undefined) {
      index = skipped;
      continue;
    }
    if (isDirectiveStart(text, index)) {
      directives.push(index);
      index = endOfLineComment(text, index);
      continue;
    }
    const character = text[index];
    if (character === '(') {
      opened.push(index);
    } else if (character === ')') {
      opened.pop();
      if (opened.length === 0) {
        return { end: index, directives };
      }
    }
    index += 1;
  }
  return { end: text.length, open: { what: 'parenthesis', at: start - 1 }, directives };
}
