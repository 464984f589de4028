/** What upgrade, apply and rollback have in common: steps as they come, then the report. */
import type { ControlClient } from '../control/client.ts';
import type { StaticsMode, Strategy, UpgradeOptions, UpgradeReport } from '../engine-types.ts';
import { type CheckOptions, checkOptions } from './check-options.ts';
import { withEngine } from './connect.ts';
import type { CliContext } from './context.ts';
import { Interrupt } from './interrupt.ts';
import type { ControlOptions, JsonOptions } from './option-values.ts';
import { Output } from './output.ts';
import { printable } from './printable.ts';
import { renderUpgrade } from './upgrade-report.ts';
import { type CliWatchOptions, watchOptions } from './watch-options.ts';

export interface UpgradeCommandOptions extends CheckOptions, ControlOptions, JsonOptions, CliWatchOptions {
  readonly strategy?: Strategy;
  readonly statics?: StaticsMode;
  readonly dryRun?: boolean;
  readonly core?: string;
  readonly node?: string;
  readonly hotclick?: string;
  readonly cold?: boolean;
  readonly newFlowsOnly?: boolean;
}

/** Ctrl-C asks the engine to give the upgrade up; it then goes on with the old revision and says so. */
export async function runUpgrade(
  cli: CliContext,
  options: UpgradeCommandOptions,
  ask: (engine: ControlClient, common: UpgradeOptions) => Promise<UpgradeReport>,
): Promise<void> {
  const { strategy, statics, dryRun, newFlowsOnly, core, node, hotclick, cold, json } = options;
  using interrupt = new Interrupt();
  const common: UpgradeOptions = {
    ...(strategy === undefined ? {} : { strategy }),
    ...(statics === undefined ? {} : { statics }),
    ...(dryRun === undefined ? {} : { dryRun }),
    ...checkOptions(options),
    ...(core === undefined ? {} : { core }),
    ...(node === undefined ? {} : { node }),
    ...(hotclick === undefined ? {} : { hotclick }),
    ...(cold === undefined ? {} : { cold }),
    ...watchOptions(options),
    ...(newFlowsOnly === undefined ? {} : { newFlowsOnly }),
    signal: interrupt.signal,
    ...(json === true
      ? {}
      : { onStep: ({ step, detail }) => void cli.stderr.write(`${step.padEnd(8)}  ${printable(detail)}\n`) }),
  };
  const report = await withEngine(cli, options, (engine) => ask(engine, common));
  new Output(cli.stdout, json).print(report, renderUpgrade);
}
