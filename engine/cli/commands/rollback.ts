import type { Command } from 'commander';
import { addCheckOptions } from '../check-options.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import {
  controlOption,
  dryRunOption,
  jsonOption,
  newFlowsOnlyOption,
  staticsOption,
  strategyOption,
  successorOptions,
  wholeNumber,
} from '../option-values.ts';
import type { UpgradeCommandOptions } from '../upgrade-command.ts';
import { runUpgrade } from '../upgrade-command.ts';
import { addWatchOptions } from '../watch-options.ts';

interface RollbackOptions extends UpgradeCommandOptions {
  readonly to?: number;
}

export function addRollbackCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('rollback')
    .summary('go back to an earlier revision')
    .description('Goes back to the revision before the running one, or to another. State made since is kept.')
    .option('--to <revision>', 'revision to go back to; see `hotclick history`', wholeNumber(0))
    .addOption(strategyOption())
    .addOption(staticsOption())
    .addOption(dryRunOption())
    .addOption(newFlowsOnlyOption())
    .addOption(controlOption())
    .addOption(jsonOption())
    .action((options: RollbackOptions) => {
      const target = options.to === undefined ? {} : { revision: options.to };
      return runUpgrade(cli, options, (engine, common) => engine.rollback({ ...common, ...target }));
    });
  addWatchOptions(addCheckOptions(command));
  for (const option of successorOptions()) command.addOption(option);
  addExamples(command, [
    ['hotclick rollback', 'undoes the last upgrade'],
    ['hotclick rollback --to 3', 'goes back to what ran as revision 3'],
  ]);
}
