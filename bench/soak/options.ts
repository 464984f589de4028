/** The command line of the soak. */
import { parseArgs } from 'node:util';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** A directory with capture files; without it captures are made from the seed. */
  readonly captures?: string;
  readonly json: boolean;
  /** Only this many swaps in memory, with the figures of the process. */
  readonly swaps?: number;
}

export class SoakUsageError extends Error {
  override readonly name = 'SoakUsageError';
}

export const usage = `npm run soak -- [--minutes M] [--seed S] [--captures DIR] [--json]
npm run soak -- --swaps N [--seed S] [--json]

Random upgrades, rollbacks, graph changes, broken libraries, crashes in new code and kills of the engine under random
traffic; everything lost, doubled, out of order or in a state that it should not be in is told, with the seed that
repeats the run. Exit status 1 when there was anything that must not be. Needs what network namespaces need.

  --minutes M     how long (default 10; a fraction is taken)
  --seed S        of the random choices (default: another one each time)
  --captures DIR  traffic from the capture files in this directory too (default: from made ones)
  --swaps N       instead: N swaps of two libraries in one engine in memory, with its memory, descriptors and mappings
  --json          one object for each operation, then one for the run`;

/** @throws SoakUsageError */
export function readOptions(argv: readonly string[], randomSeed: () => number): SoakOptions {
  const options = {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    captures: { type: 'string' },
    json: { type: 'boolean', default: false },
    swaps: { type: 'string' },
  } as const;
  const { values } = parsed(() => parseArgs({ args: [...argv], options, strict: true }));
  const { captures, json } = values;
  return {
    seconds: 60 * number('--minutes', values.minutes ?? '10', /^\d+(\.\d+)?$/),
    seed: values.seed === undefined ? randomSeed() : number('--seed', values.seed, /^\d{1,10}$/),
    json,
    ...(captures === undefined ? {} : { captures }),
    ...(values.swaps === undefined ? {} : { swaps: number('--swaps', values.swaps, /^[1-9]\d{0,6}$/) }),
  };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new SoakUsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string, form: RegExp): number {
  if (!form.test(text)) throw new SoakUsageError(`${name} ${text}: it must be a number`);
  return Number(text);
}
