import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { EngineStats } from '../../engine-types.ts';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { Interrupt } from '../interrupt.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption, seconds } from '../option-values.ts';
import { Output } from '../output.ts';
import { renderTop } from '../top-view.ts';

interface TopOptions extends ControlOptions, JsonOptions {
  readonly once?: boolean;
  readonly interval: number;
}

/** Cursor to the upper left corner, and what is below erased: less flicker than clearing first. */
const home = '\u001b[H\u001b[J';

export function addTopCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('top')
    .summary('watch shards, elements and drops')
    .description('Shows shards, elements and drops of the running engine, again and again until Ctrl-C.')
    .option('--once', 'print one table and end; shares and rates are those since the start')
    .option('--interval <seconds>', 'time between two tables', seconds, 1)
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async ({ once = false, interval, json, ...options }: TopOptions) => {
      using interrupt = new Interrupt();
      const signal = AbortSignal.any([interrupt.signal, cli.outputGone]);
      const output = new Output(cli.stdout, json);
      const isScreen = 'isTTY' in cli.stdout && cli.stdout.isTTY === true && !once && json !== true;
      await withEngine(cli, options, async (engine) => {
        let before: EngineStats | undefined;
        do {
          const now = await engine.stats();
          output.print(now, (stats) => `${isScreen ? home : ''}${renderTop(stats, before)}\n`);
          before = now;
        } while (!once && (await passes(interval, signal)));
      });
    });
  addExamples(command, [
    ['hotclick top', 'refreshes a table once a second'],
    ['hotclick top --once --json', 'prints all figures once'],
  ]);
}

/** True when the time passed, false when the signal came first. */
async function passes(interval: number, signal: AbortSignal): Promise<boolean> {
  await delay(interval * 1000, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
