import type { Command } from 'commander';
import { readConfiguration } from '../configuration-file.ts';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, defineOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';

interface FlattenOptions extends ControlOptions, JsonOptions {
  readonly define?: Readonly<Record<string, string>>;
}

export function addFlattenCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('flatten')
    .summary('print a configuration without compounds')
    .description(
      'Prints a configuration with compounds expanded and parameters replaced; without FILE, the running one.',
    )
    .argument('[file]', 'configuration in the Click language; - is standard input')
    .addOption(defineOption())
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (name: string | undefined, options: FlattenOptions) => {
      const configuration =
        name === undefined
          ? await withEngine(cli, options, (engine) => engine.flatten())
          : await flattenFile(cli, name, options.define ?? {});
      new Output(cli.stdout, options.json).print({ configuration }, () => configuration);
    });
  addExamples(command, [
    ['hotclick flatten router.click', 'prints the graph of a file'],
    ['hotclick flatten', 'prints the graph that runs'],
  ]);
}

async function flattenFile(
  cli: CliContext,
  name: string,
  defines: Readonly<Record<string, string>>,
): Promise<string> {
  const { text, file } = await readConfiguration(cli, name);
  const { flattenClick, parseClick } = await import('../../../click-compat/index.ts');
  return flattenClick(parseClick(text, { file, defines }));
}
