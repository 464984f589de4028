import type { Command } from 'commander';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';

export function addStopCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('stop')
    .summary('stop the running engine')
    .description(
      'Stops the running engine after a last sync to its store, and returns when it let go of its socket.',
    )
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (options: ControlOptions & JsonOptions) => {
      await withEngine(cli, options, (engine) => engine.stop());
      new Output(cli.stdout, options.json).print({ stopped: true }, () => 'stopped');
    });
  addExamples(command, [
    ['hotclick stop --control /run/other.sock', 'stops the engine with that control socket'],
  ]);
}
