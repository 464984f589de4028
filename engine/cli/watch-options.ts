/** Options of upgrade, apply and rollback that say how a change is watched while it takes place. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { UpgradeOptions } from '../engine-types.ts';
import { type GuardName, guards } from '../watch-types.ts';
import { wholeNumber } from './option-values.ts';

export interface CliWatchOptions {
  readonly canary?: number;
  readonly watch?: number;
  readonly guard?: UpgradeOptions['guards'];
  readonly loopLimit?: number;
}

export function addWatchOptions(command: Command): Command {
  const limits = Object.entries(guards).map(([name, { what, limit }]) => `${name}=${limit}: ${what}`);
  return command
    .option('--canary <shards>', 'shards to change first; the others follow after the watch', wholeNumber(1))
    .option(
      '--watch <time>',
      'watch what has changed for so long, and go back when a guard trips: 5s, 500ms (default: 5s with --canary, ' +
        'otherwise only the first batches, for crashes)',
      duration,
    )
    .addOption(
      new Option('--guard <name=limit,...>', `limits of the guards, or off: ${limits.join('; ')}`).argParser(
        guardLimits,
      ),
    )
    .option(
      '--loop-limit <time>',
      'time that new code may compute in one round before it counts as looping (default: 100ms)',
      duration,
    );
}

export function watchOptions({ canary, watch, guard, loopLimit }: CliWatchOptions): UpgradeOptions {
  return {
    ...(canary === undefined ? {} : { canary }),
    ...(watch === undefined ? {} : { watch }),
    ...(guard === undefined ? {} : { guards: guard }),
    ...(loopLimit === undefined ? {} : { loopLimit }),
  };
}

/** '5s', '500ms' or a number of seconds, to milliseconds. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must be a time, such as 5s or 500ms.');
  return Number(number) * (unit === 'ms' ? 1 : unit === 'm' ? 60_000 : 1000);
}

/** 'drops=0.1,latency=off' to an object. */
function guardLimits(text: string, before: UpgradeOptions['guards'] = {}): UpgradeOptions['guards'] {
  const limits: Partial<Record<GuardName, number | 'off'>> = { ...before };
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^(\w+)=(.+)$/.exec(part.trim()) ?? [];
    if (!Object.hasOwn(guards, name)) {
      throw new InvalidArgumentError(`The guards are ${Object.keys(guards).join(', ')}: NAME=LIMIT,…`);
    }
    const limit = value === 'off' ? 'off' : Number(value);
    if (limit !== 'off' && !(limit >= 0))
      throw new InvalidArgumentError(`The limit of ${name} must be a number or off.`);
    limits[name as GuardName] = limit;
  }
  return limits;
}
