import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { CheckResult } from '../doctor-checks.ts';
import { examine } from '../doctor-checks.ts';
import { addExamples } from '../examples.ts';
import type { JsonOptions } from '../option-values.ts';
import { jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';
import { renderTable } from '../table.ts';

interface DoctorOptions extends JsonOptions {
  readonly store: string;
}

export function addDoctorCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('doctor')
    .summary('check what this machine has of what an engine needs')
    .description(
      'Checks what this machine has of what an engine needs. A warning names something that some configurations or ' +
        'upgrades need; with a failed check no engine runs, and the exit status is 1.',
    )
    .option('--store <directory>', 'where the store is or will be', '.')
    .addOption(jsonOption())
    .action(async ({ store, json }: DoctorOptions) => {
      const checks = await examine(cli, store);
      const fit = checks.every(({ verdict }) => verdict !== 'failed');
      new Output(cli.stdout, json).print({ fit, checks }, () => renderChecks(checks));
      if (!fit) cli.setExitCode(1);
    });
  addExamples(command, [
    ['hotclick doctor --store /var/lib/hotclick', 'also looks at the room for the store there'],
  ]);
}

function renderChecks(checks: readonly CheckResult[]): string {
  return renderTable(checks, [
    { head: 'check', cell: ({ check }) => check },
    { head: '', cell: ({ verdict }) => verdict },
    { head: 'found', cell: ({ found }) => found },
    { head: 'what to do', cell: ({ hint }) => hint ?? ' ' },
  ]);
}
