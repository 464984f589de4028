import type { Command } from 'commander';
import { defaultControlPath } from '../../control/control-path.ts';
import { connectHolder } from '../../holder/start-holder.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { usualHolderPath } from '../open-keeper.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';
import { countOf } from '../units.ts';

interface HolderOptions extends ControlOptions, JsonOptions {
  readonly stop?: boolean;
}

export function addHolderCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('holder')
    .summary('look at, or end, what keeps devices and memory over a crash')
    .description(
      'Says what the holder of `hotclick run --holder` keeps, and for which engine. With --stop it ends, and what a dead ' +
        'engine has left is gone.',
    )
    .argument('[path]', 'socket of the holder (default: that of the control socket, with .holder)')
    .option('--stop', 'end the holder')
    .addOption(controlOption())
    .addOption(jsonOption())
    .action((path: string | undefined, options: HolderOptions) => holder(cli, path, options));
  addExamples(command, [
    ['hotclick holder', 'whose devices and memory are kept'],
    ['hotclick holder --stop', 'lets go of what a dead engine has left'],
  ]);
}

function holder(cli: CliContext, path: string | undefined, { stop, control, json }: HolderOptions): void {
  const client = connectHolder(path ?? usualHolderPath(control ?? defaultControlPath(cli.env)));
  try {
    const status = client.status();
    if (stop) client.stop();
    new Output(cli.stdout, json).print({ ...status, path: client.path, stopped: stop ?? false }, () => {
      const whose = status.engine === 0 ? 'no engine runs' : `for process ${status.engine}`;
      const kept = `${countOf(status.files, 'file')} kept, ${whose}`;
      return stop ? `process ${status.pid} has ended; it had ${kept}` : `process ${status.pid}: ${kept}`;
    });
  } finally {
    client.close();
  }
}
