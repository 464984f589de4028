/** How the command line says that something failed. */

import { CommanderError } from 'commander';
import { asHotclickError } from '../control/protocol.ts';
import { HotclickError } from '../errors.ts';
import type { CliContext } from './context.ts';
import { printable } from './printable.ts';

/** Writes the error to standard error, unless it was only help that ended the command. @returns the exit status. */
export function reportError(cli: CliContext, error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Help instead of a command has been written already.
    if (error.code === 'commander.help') return usageError('').exitCode;
  }
  const fault = error instanceof CommanderError ? usageError(error.message) : asHotclickError(error);
  cli.stderr.write(isJson ? `${JSON.stringify(fault)}\n` : describeError(fault));
  return fault.exitCode;
}

/** Message with place and caret as it has them, cause where it says more, hint. */
function describeError(fault: HotclickError): string {
  const lines = [`hotclick: ${printable(fault.message, { keepLines: true })}`];
  if (fault.code === 'HC_INTERNAL' && fault.cause instanceof Error && fault.cause.stack !== undefined) {
    lines.push(fault.cause.stack);
  }
  lines.push(`hint: ${printable(fault.hint)}`);
  return `${lines.join('\n')}\n`;
}

function usageError(message: string): HotclickError {
  return new HotclickError('HC_ARGUMENT', message.replace(/^error: /, ''));
}
