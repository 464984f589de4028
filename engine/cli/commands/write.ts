import type { Command } from 'commander';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';

export function addWriteCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('write')
    .summary('write a handler of the running engine')
    .description('Writes a handler of the running engine, in all shards.')
    .argument('<element.handler>', 'handler to write')
    .argument('[value...]', 'what to write; several words are joined with spaces')
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (path: string, words: string[], options: ControlOptions & JsonOptions) => {
      const value = words.join(' ');
      await withEngine(cli, options, (engine) => engine.write(path, value));
      new Output(cli.stdout, options.json).print({ path, value }, () => '');
    });
  addExamples(command, [
    ['hotclick write c.reset', 'sets the counts of element c to zero'],
    ['hotclick write source.active false', 'stops a source'],
  ]);
}
