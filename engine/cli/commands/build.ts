import { copyFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { StaticsMode } from '../../engine-types.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { Interrupt } from '../interrupt.ts';
import type { JsonOptions } from '../option-values.ts';
import { jsonOption, staticsOption } from '../option-values.ts';
import { Output } from '../output.ts';

interface BuildCommandOptions extends JsonOptions {
  readonly out?: string;
  readonly statics?: StaticsMode;
}

export function addBuildCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('build')
    .summary('build an element library from its source')
    .description(
      'Compiles an element source to a library, as an upgrade does: for --library-path, or to be upgraded to later.',
    )
    .argument('<file>', 'C++ source (.cc)')
    .option('--out <file>', 'where the library goes (default: the name of the source with .so, here)')
    .addOption(staticsOption())
    .addOption(jsonOption())
    .action(async (source: string, { out, statics = 'mapped', json }: BuildCommandOptions) => {
      using interrupt = new Interrupt();
      const { buildElement } = await import('../../upgrade/build-element.ts');
      const built = await buildElement(source, { statics, signal: interrupt.signal });
      const library = resolve(out ?? `${basename(source, extname(source))}.so`);
      await copyFile(built, library);
      new Output(cli.stdout, json).print({ source, library, statics }, () => library);
    });
  addExamples(command, [
    ['hotclick build Meter.cc', 'makes Meter.so'],
    [
      'hotclick build Meter.cc --statics compiled --out lib/Meter.so',
      'with the layout of its static variables',
    ],
  ]);
}
