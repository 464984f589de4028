import type { Command } from 'commander';
import type { RevisionSummary, StateDiff } from '../../state/history-query.ts';
import type { StateSummary, TableContents } from '../../state/query.ts';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption, wholeNumber } from '../option-values.ts';
import { Output } from '../output.ts';
import { renderDiff, renderRows, renderStateRevisions, renderStates } from '../state-text.ts';
import type { StateSource } from '../stored-state.ts';
import { withStore } from '../stored-state.ts';

interface StateOptions extends ControlOptions, JsonOptions {
  readonly store?: string;
}

interface GetOptions extends StateOptions {
  readonly filter?: string;
  readonly limit: number;
}

/** Records that `state get` prints when nobody says otherwise. */
const defaultLimit = 100;

export function addStateCommand(program: Command, cli: CliContext): void {
  const state = program
    .command('state')
    .summary('look at the state of the elements')
    .description(
      'Lists, prints and compares the state of the elements, decoded by its schema: of the running engine, or with ' +
        '--store of an engine that does not run.',
    );
  const leaf = (name: string, summary: string): Command =>
    state
      .command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .option('--store <directory>', 'read this store instead of asking a running engine')
      .addOption(controlOption())
      .addOption(jsonOption());

  const ls = leaf('ls', 'list all states: tables and static state').action(async (options: StateOptions) => {
    const states = (await ask(cli, options, (source) => source.stateList())) as StateSummary[];
    new Output(cli.stdout, options.json).print({ states }, () => renderStates(states));
  });

  const get = leaf('get', 'print the records of a state')
    .argument('<table>', 'ELEMENT/STATE, or ELEMENT when it has one state')
    .option(
      '--filter <conditions>',
      'FIELD=VALUE, FIELD!=VALUE, FIELD<VALUE, FIELD in PREFIX, joined with &&',
    )
    .option('--limit <number>', 'records to print at most', wholeNumber(1), defaultLimit)
    .action(async (table: string, { filter, limit, ...options }: GetOptions) => {
      const query = { limit, ...(filter === undefined ? {} : { filter }) };
      const contents = (await ask(cli, options, (source) => source.stateGet(table, query))) as TableContents;
      new Output(cli.stdout, options.json).print(contents, renderRows);
    });

  const history = leaf('history', 'list the revisions of which the store has state').action(
    async (options: StateOptions) => {
      const revisions = (await ask(cli, options, (source) => source.stateHistory())) as RevisionSummary[];
      new Output(cli.stdout, options.json).print({ revisions }, () => renderStateRevisions(revisions));
    },
  );

  const diff = leaf('diff', 'print what changed between the states as two revisions ended')
    .argument('<from>', 'revision', wholeNumber(0))
    .argument('<to>', 'revision', wholeNumber(0))
    .action(async (from: number, to: number, options: StateOptions) => {
      const changes = (await ask(cli, options, (source) => source.stateDiff(from, to))) as StateDiff;
      new Output(cli.stdout, options.json).print(changes, renderDiff);
    });

  addExamples(ls, [['hotclick state ls', 'lists the states of the running engine']]);
  addExamples(get, [
    [
      "hotclick state get fw/connections --filter 'packets>100 && source in 10.0.0.0/8'",
      'prints some records',
    ],
    [
      'hotclick state get c --store /var/lib/hotclick --json',
      'reads the store of an engine that does not run',
    ],
  ]);
  addExamples(history, [['hotclick state history', 'lists revisions with their records and sizes']]);
  addExamples(diff, [['hotclick state diff 3 4', 'prints what came, went and changed from revision 3 to 4']]);
}

function ask(
  cli: CliContext,
  options: StateOptions,
  question: (source: StateSource) => Promise<unknown>,
): Promise<unknown> {
  return options.store === undefined
    ? withEngine(cli, options, question)
    : withStore(options.store, question);
}
