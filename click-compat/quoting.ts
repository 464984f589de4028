/** Quoting in configuration strings. Source: Click manual, click(5), "Backslash substitutions". */

import { commentEnd, endOfData } from './config-scan.ts';

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/**
 * Takes away one level of quoting: `"…"` with its escapes, `'…'` as it stands, and `\<hex>` outside quotes.
 * Bytes written as numbers (`\xff`, `\377`, `\<ff>`) become the characters U+0000 to U+00FF.
 */
export function unquote(text: string): string {
  const parts: string[] = [];
  let quote = '';
  let index = 0;
  while (index < text.length) {
    const character = text[index]!;
    if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      index += 1;
    } else if (character === quote) {
      quote = '';
      index += 1;
    } else if (character === '\\' && (quote === '"' || (quote === '' && text[index + 1] === '<'))) {
      const { value, end } = readEscape(text, index);
      parts.push(value);
      index = end;
    } else {
      parts.push(character);
      index += 1;
    }
  }
  return parts.join('');
}

/** One double-quoted string that `unquote` turns back into the text and in which no variable is substituted. */
export function quote(text: string): string {
  return `"${quoteInside(text)}"`;
}

/** The text as it has to be written between double quotes. */
export function quoteInside(text: string): string {
  return text.replace(/[\\"$]|[^ -~]/gu, (character) => {
    switch (character) {
      case '\n':
        return '\\n';
      case '\r':
        return '\\r';
      case '\t':
        return '\\t';
      default: {
        const code = character.codePointAt(0)!;
        const isControl = code < 0x20 || (code >= 0x7f && code <= 0xff);
        if (isControl) {
          return `\\${code.toString(8).padStart(3, '0')}`;
        }
        return code > 0xff ? character : `\\${character}`;
      }
    }
  });
}

function readEscape(text: string, at: number): { value: string; end: number } {
  const next = text[at + 1];
  if (next === undefined) {
    return { value: '\\', end: at + 1 };
  }
  if (next === '<') {
    const end = endOfData(text, at);
    return {
      value: readData(text.slice(at + 2, end < 0 ? text.length : end - 1)),
      end: end < 0 ? text.length : end,
    };
  }
  const rest = text.slice(at + 1, at + 4);
  const octal = /^[0-7]{1,3}/.exec(rest);
  if (octal !== null) {
    return { value: byte(Number.parseInt(octal[0], 8)), end: at + 1 + octal[0].length };
  }
  if (next === 'x') {
    let end = at + 2;
    while (end < text.length && /[0-9a-fA-F]/.test(text[end]!)) {
      end += 1;
    }
    // Any number of digits may follow; the last two make the byte.
    const digits = text.slice(Math.max(at + 2, end - 2), end);
    return digits === '' ? { value: 'x', end } : { value: byte(Number.parseInt(digits, 16)), end };
  }
  if (next === '\n') {
    return { value: '', end: at + 2 };
  }
  if (next === '\r') {
    return { value: '', end: text[at + 2] === '\n' ? at + 3 : at + 2 };
  }
  return { value: simpleEscapes.get(next) ?? next, end: at + 2 };
}

/** Hexadecimal digits to bytes; white space and comments between them do not count. */
function readData(body: string): string {
  let digits = '';
  let index = 0;
  while (index < body.length) {
    const comment = commentEnd(body, index);
    if (comment !== undefined) {
      index = comment < 0 ? body.length : comment;
      continue;
    }
    if (/[0-9a-fA-F]/.test(body[index]!)) {
      digits += body[index];
    }
    index += 1;
  }
  return (digits.match(/../g) ?? []).map((pair) => byte(Number.parseInt(pair, 16))).join('');
}

function byte(value: number): string {
  return String.fromCharCode(value & 0xff);
}
