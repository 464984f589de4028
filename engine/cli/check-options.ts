/** Options of upgrade, apply and rollback that say how a change is checked before it is let near a packet. */
import type { Command } from 'commander';
import type { UpgradeOptions } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { seconds, wholeNumber } from './option-values.ts';

export interface CheckOptions {
  readonly verifyTimeout?: number;
  readonly requireSignature?: boolean;
  readonly shadow?: number;
  readonly shadowBudget?: number;
  readonly shadowTimeout?: number;
  readonly expect?: readonly string[];
}

export function addCheckOptions(command: Command): Command {
  return command
    .option(
      '--shadow <packets>',
      'first give both versions copies of so many live packets, of each element, and compare what becomes of them',
      wholeNumber(1, 1_000_000),
    )
    .option(
      '--shadow-budget <packets>',
      'packets that may come to another end than before (default: 0)',
      wholeNumber(0),
    )
    .option('--shadow-timeout <seconds>', 'time to wait for the packets (default: 10)', seconds)
    .option(
      '--expect <rule>',
      'difference that is meant: drop:REASON, pass:REASON, port A -> B, field NAME, annotation NAME, missing, extra or ' +
        'made, with "ELEMENT: " before it for one element or class; may be repeated',
      appendRule,
    )
    .option(
      '--verify-timeout <seconds>',
      'time that new code may take for one thing it is asked in its trial (default: 10)',
      seconds,
    );
}

/** For what brings new files. */
export function addSignatureOption(command: Command): Command {
  return command.option('--require-signature', 'refuse what is not signed by a key that the engine trusts');
}

export function checkOptions(options: CheckOptions): UpgradeOptions {
  const { verifyTimeout, requireSignature } = options;
  return {
    ...shadowOptions(options),
    ...(verifyTimeout === undefined ? {} : { verifyTimeout: verifyTimeout * 1000 }),
    ...(requireSignature === undefined ? {} : { requireSignature }),
  };
}

function shadowOptions(options: CheckOptions): Pick<UpgradeOptions, 'shadow'> {
  const { shadow: packets, shadowBudget: budget, shadowTimeout, expect } = options;
  if (packets === undefined) {
    if (budget === undefined && shadowTimeout === undefined && expect === undefined) return {};
    throw new HotclickError('HC_ARGUMENT', '--shadow-budget, --shadow-timeout and --expect go with --shadow');
  }
  return {
    shadow: {
      packets,
      ...(budget === undefined ? {} : { budget }),
      ...(expect === undefined ? {} : { expect }),
      ...(shadowTimeout === undefined ? {} : { timeout: shadowTimeout * 1000 }),
    },
  };
}

function appendRule(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
