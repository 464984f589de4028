import type { Command } from 'commander';
import { Argument } from 'commander';
import { addCheckOptions, addSignatureOption } from '../check-options.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import {
  collectChanges,
  controlOption,
  dryRunOption,
  jsonOption,
  newFlowsOnlyOption,
  staticsOption,
  strategyOption,
  successorOptions,
} from '../option-values.ts';
import type { UpgradeCommandOptions } from '../upgrade-command.ts';
import { runUpgrade } from '../upgrade-command.ts';
import { addWatchOptions } from '../watch-options.ts';

interface ClassUpgradeCommandOptions extends UpgradeCommandOptions {
  /** False with --no-atomic. */
  readonly atomic?: boolean;
}

export function addUpgradeCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('upgrade')
    .summary('replace element classes in the running engine')
    .description(
      'Replaces element classes in the running engine. Sources are built and verified while the old version works; ' +
        'then shard by shard the new version takes over with its state. When anything fails, the old version goes on. ' +
        'Strategies that replace the core or the process need no class: then only that is new.',
    )
    .addArgument(
      new Argument('[class=path...]', 'class and its new source (.cc) or built library (.so)').argParser(
        collectChanges,
      ),
    )
    .addOption(strategyOption())
    .addOption(staticsOption())
    .option(
      '--no-atomic',
      'change several classes one after the other, each as a revision; otherwise all change as one in each shard',
    )
    .addOption(dryRunOption())
    .addOption(newFlowsOnlyOption())
    .addOption(controlOption())
    .addOption(jsonOption())
    .action((changes: Readonly<Record<string, string>> | [], options: ClassUpgradeCommandOptions) =>
      runUpgrade(cli, options, (engine, common) =>
        engine.upgrade(Array.isArray(changes) ? {} : changes, {
          ...common,
          ...(options.atomic === false ? { atomic: false } : {}),
        }),
      ),
    );
  addWatchOptions(addCheckOptions(addSignatureOption(command)));
  for (const option of successorOptions()) command.addOption(option);
  addExamples(command, [
    ['hotclick upgrade Firewall=Firewall.cc', 'builds the source and replaces the class'],
    ['hotclick upgrade Counter=Counter.so --strategy thread', 'by restarting the shards’ loops'],
    [
      'hotclick upgrade Firewall=Firewall.cc --new-flows-only',
      'connections that are open stay with the old version',
    ],
    [
      'hotclick upgrade Firewall=Firewall.so --require-signature',
      'only with a good Firewall.so.sig beside it',
    ],
    [
      'hotclick upgrade Firewall=Firewall.cc --canary 1 --watch 5s',
      'one shard first; goes back by itself when a guard trips or the code crashes',
    ],
    ['hotclick upgrade Firewall=Firewall.cc --dry-run', 'prints what would be done'],
    ['hotclick upgrade --strategy core', 'the datapath core as it was built last, with the same graph'],
    ['hotclick upgrade --strategy restart --node /opt/node-24/bin/node', 'the same graph in another Node.js'],
  ]);
}
