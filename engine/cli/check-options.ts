/** Options of upgrade, apply and rollback that say how a change is checked before it is let near a packet. */
import type { Command } from 'commander';
import type { UpgradeOptions } from '../engine-types.ts';
import { seconds } from './option-values.ts';

export interface CheckOptions {
  readonly verifyTimeout?: number;
  readonly requireSignature?: boolean;
}

export function addCheckOptions(command: Command): Command {
  return command.option(
    '--verify-timeout <seconds>',
    'time that new code may take for one thing it is asked in its trial (default: 10)',
    seconds,
  );
}

/** For what brings new files. */
export function addSignatureOption(command: Command): Command {
  return command.option('--require-signature', 'refuse what is not signed by a key that the engine trusts');
}

export function checkOptions({ verifyTimeout, requireSignature }: CheckOptions): UpgradeOptions {
  return {
    ...(verifyTimeout === undefined ? {} : { verifyTimeout: verifyTimeout * 1000 }),
    ...(requireSignature === undefined ? {} : { requireSignature }),
  };
}
