import type { Command } from 'commander';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';
import { printable } from '../printable.ts';

export function addReadCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('read')
    .summary('read a handler of the running engine')
    .description(
      'Reads a handler of the running engine; the values of all shards are merged as the handler declares. ' +
        'ELEMENT.handlers lists the handlers of an element; list, version and config are the router’s own.',
    )
    .argument('<element.handler>', 'handler to read')
    .argument('[parameter...]', 'for a handler that takes one; several words are one parameter')
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (path: string, words: string[], options: ControlOptions & JsonOptions) => {
      const parameter = words.length === 0 ? undefined : words.join(' ');
      const value = await withEngine(cli, options, (engine) => engine.read(path, parameter));
      const asked = parameter === undefined ? { path } : { path, parameter };
      new Output(cli.stdout, options.json).print({ ...asked, value }, () =>
        printable(value, { keepLines: true }),
      );
    });
  addExamples(command, [
    ['hotclick read c.count', 'prints the packets that element c has counted'],
    ['hotclick read list', 'prints the names of all elements'],
    ['hotclick read routes.lookup 10.0.0.1', 'prints where a routing table sends an address'],
  ]);
}
