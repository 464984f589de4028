/** Examples of commands, for --help and the reference. */

import type { Command } from 'commander';

/** Examples of a command: what to type, and what it does. */
export type Examples = readonly (readonly [commandLine: string, meaning: string])[];

const examplesByCommand = new WeakMap<Command, Examples>();

/** Shows examples below the help of a command; the reference has them too. */
export function addExamples(command: Command, examples: Examples): void {
  examplesByCommand.set(command, examples);
  const lines = examples.map(([commandLine, meaning]) => `  ${commandLine}\n      ${meaning}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

export function examplesOf(command: Command): Examples {
  return examplesByCommand.get(command) ?? [];
}
