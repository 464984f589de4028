import type { Command } from 'commander';
import { addCheckOptions } from '../check-options.ts';
import { readConfiguration } from '../configuration-file.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import {
  controlOption,
  defineOption,
  dryRunOption,
  jsonOption,
  newFlowsOnlyOption,
  staticsOption,
  strategyOption,
  successorOptions,
} from '../option-values.ts';
import type { UpgradeCommandOptions } from '../upgrade-command.ts';
import { runUpgrade } from '../upgrade-command.ts';
import { addWatchOptions } from '../watch-options.ts';

interface ApplyOptions extends UpgradeCommandOptions {
  readonly define?: Readonly<Record<string, string>>;
}

export function addApplyCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('apply')
    .summary('change the graph of the running engine')
    .description(
      'Changes the graph of the running engine to the one in FILE. Unchanged elements keep instance and state, ' +
        'moved or reconfigured ones adopt it, new ones start, removed ones drain.',
    )
    .argument('<file>', 'configuration in the Click language; - is standard input')
    .addOption(strategyOption())
    .addOption(staticsOption())
    .addOption(dryRunOption())
    .addOption(newFlowsOnlyOption())
    .addOption(defineOption())
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (name: string, options: ApplyOptions) => {
      const { text, file } = await readConfiguration(cli, name);
      const { define: defines = {} } = options;
      await runUpgrade(cli, options, (engine, common) => engine.apply(text, { ...common, file, defines }));
    });
  addWatchOptions(addCheckOptions(command));
  for (const option of successorOptions()) command.addOption(option);
  addExamples(command, [
    ['hotclick apply new.click --dry-run', 'prints the plan'],
    ['hotclick apply new.click', 'carries it out'],
  ]);
}
