/** Port numbers as they are written: decimal, octal with a leading 0, hexadecimal with 0x. */

import { highestPort } from '../engine/graph/port-codes.ts';

/** The port a word names, or port 0 and what is wrong with the word. */
export function readPortNumber(word: string): { port: number; fault?: string } {
  if (!/^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(word)) {
    return { port: 0, fault: 'syntax error: port number should be integer' };
  }
  const base = /^0[xX]/.test(word) ? 16 : /^0[0-7]+$/.test(word) ? 8 : 10;
  const port = Number.parseInt(word, base);
  return port > highestPort ? { port: 0, fault: `port number ${word} is above ${highestPort}` } : { port };
}
