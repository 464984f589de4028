/** The command line as data: every command with its arguments, options and examples. */

import { Command } from 'commander';
import { hotclickVersion } from '../version.ts';
import { addApplyCommand } from './commands/apply.ts';
import { addBuildCommand } from './commands/build.ts';
import { addCheckCommand } from './commands/check.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addElementsCommand } from './commands/elements.ts';
import { addFlattenCommand } from './commands/flatten.ts';
import { addHistoryCommand } from './commands/history.ts';
import { addHolderCommand } from './commands/holder.ts';
import { addKeygenCommand } from './commands/keygen.ts';
import { addReadCommand } from './commands/read.ts';
import { addRollbackCommand } from './commands/rollback.ts';
import { addRunCommand } from './commands/run.ts';
import { addSignCommand } from './commands/sign.ts';
import { addStateCommand } from './commands/state.ts';
import { addStopCommand } from './commands/stop.ts';
import { addTapCommand } from './commands/tap.ts';
import { addTopCommand } from './commands/top.ts';
import { addTraceCommand } from './commands/trace.ts';
import { addUpgradeCommand } from './commands/upgrade.ts';
import { addWriteCommand } from './commands/write.ts';
import type { CliContext } from './context.ts';
import { addExamples } from './examples.ts';

/** In the order of --help. */
const commands: readonly ((program: Command, cli: CliContext) => void)[] = [
  addRunCommand,
  addCheckCommand,
  addFlattenCommand,
  addElementsCommand,
  addBuildCommand,
  addReadCommand,
  addWriteCommand,
  addUpgradeCommand,
  addApplyCommand,
  addRollbackCommand,
  addHistoryCommand,
  addStateCommand,
  addTopCommand,
  addTraceCommand,
  addTapCommand,
  addKeygenCommand,
  addSignCommand,
  addDoctorCommand,
  addHolderCommand,
  addStopCommand,
];

/** Ends by throwing CommanderError where commander would end the process. */
export function buildProgram(cli: CliContext): Command {
  const program = new Command('hotclick')
    .description('a userspace packet-processing engine whose stages are replaced while packets flow')
    .version(hotclickVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      // Errors are reported in one place, with a hint.
      outputError: () => {},
    });
  addExamples(program, [
    ['hotclick run firewall.click --threads 2', 'runs a configuration with two shards'],
    ['hotclick upgrade Firewall=Firewall.cc', 'replaces an element class in the running engine'],
    ['hotclick doctor', 'tells whether this machine has what an engine needs'],
  ]);
  for (const add of commands) add(program, cli);
  return program;
}

/** @param args what follows the program's name. */
export async function runProgram(args: readonly string[], cli: CliContext): Promise<void> {
  await buildProgram(cli).parseAsync(args, { from: 'user' });
}
