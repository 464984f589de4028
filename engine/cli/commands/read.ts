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
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (path: string, options: ControlOptions & JsonOptions) => {
      const value = await withEngine(cli, options, (engine) => engine.read(path));
      new Output(cli.stdout, options.json).print({ path, value }, () =>
        printable(value, { keepLines: true }),
      );
    });
  addExamples(command, [
    ['hotclick read c.count', 'prints the packets that element c has counted'],
    ['hotclick read list', 'prints the names of all elements'],
  ]);
}
