/** Splitting of configuration strings. Source: Click manual, click(5), "Configuration strings". */

import { commentEnd, endOfLineComment, isDirectiveStart, quotedEnd } from './config-scan.ts';

/** An argument and the index in the configuration string at which it starts. */
export interface Argument {
  readonly text: string;
  readonly offset: number;
}

const space = /[ \t\r\n\v\f]/;

/**
 * Splits at commas that are outside quotes and comments. Parentheses do not protect a comma. Comments become a
 * space, white space around an argument goes, and a last argument that is empty does not count.
 */
export function splitArguments(config: string): string[] {
  return splitWithOffsets(config, false).map((argument) => argument.text);
}

/**
 * As `splitArguments`, with the places of the arguments.
 * @param directives line directives are still in the text and have to be skipped.
 */
export function splitWithOffsets(config: string, directives: boolean): Argument[] {
  const found: Argument[] = [];
  let start = 0;
  for (;;) {
    const { argument, end } = readArgument(config, start, directives);
    const isLast = end >= config.length;
    if (!isLast || argument.text !== '') {
      found.push(argument);
    }
    if (isLast) {
      return found;
    }
    start = end + 1;
  }
}

function readArgument(
  config: string,
  start: number,
  directives: boolean,
): { argument: Argument; end: number } {
  // Runs of text between comments; what separates two runs becomes one space.
  const runs: string[] = [];
  let offset = -1;
  let runStart = start;
  let index = start;
  while (index < config.length && config[index] !== ',') {
    const comment =
      directives && isDirectiveStart(config, index)
        ? endOfLineComment(config, index)
        : commentEnd(config, index);
    if (comment !== undefined) {
      runs.push(trim(config.slice(runStart, index)));
      index = comment < 0 ? config.length : comment;
      runStart = index;
      continue;
    }
    if (offset < 0 && !space.test(config[index]!)) {
      offset = index;
    }
    const quoted = quotedEnd(config, index);
    if (quoted === undefined) {
      index += 1;
    } else {
      index = quoted < 0 ? config.length : quoted;
    }
  }
  runs.push(trim(config.slice(runStart, index)));
  const text = runs.filter((run) => run !== '').join(' ');
  return { argument: { text, offset: offset < 0 ? start : offset }, end: index };
}

/** Splits at white space outside quotes; comments are white space too. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let index = 0;
  while (index < text.length) {
    const comment = commentEnd(text, index);
    if (comment !== undefined) {
      index = comment < 0 ? text.length : comment;
    } else if (space.test(text[index]!)) {
      index += 1;
    } else {
      const end = endOfWord(text, index);
      words.push(text.slice(index, end));
      index = end;
    }
  }
  return words;
}

/** First word of a text and what follows it. */
export function shiftWord(text: string): { word: string; rest: string } {
  const trimmed = trim(text);
  const end = endOfWord(trimmed, 0);
  return { word: trimmed.slice(0, end), rest: trim(trimmed.slice(end)) };
}

function endOfWord(text: string, start: number): number {
  let index = start;
  while (index < text.length && !space.test(text[index]!) && commentEnd(text, index) === undefined) {
    const quoted = quotedEnd(text, index);
    if (quoted === undefined) {
      index += 1;
    } else {
      index = quoted < 0 ? text.length : quoted;
    }
  }
  return index;
}

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && space.test(text[start]!)) {
    start += 1;
  }
  while (end > start && space.test(text[end - 1]!)) {
    end -= 1;
  }
  return text.slice(start, end);
}
