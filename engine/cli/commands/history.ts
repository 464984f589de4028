import type { Command } from 'commander';
import type { OlderVersionSummary, RevisionSummary } from '../../engine-types.ts';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';
import type { Column } from '../table.ts';
import { renderTable } from '../table.ts';
import { countOf, microseconds } from '../units.ts';

const columns: readonly Column<RevisionSummary>[] = [
  { head: '', cell: ({ current }) => (current ? '*' : ' ') },
  { head: 'revision', align: 'right', cell: ({ revision }) => revision },
  { head: 'parent', align: 'right', cell: ({ parent }) => parent },
  { head: 'created', cell: ({ createdAt }) => createdAt },
  { head: 'kind', cell: ({ kind }) => kind },
  { head: 'status', cell: ({ status }) => status },
  { head: 'strategy', cell: ({ strategy }) => strategy },
  {
    head: 'break µs',
    align: 'right',
    cell: ({ breaks }) =>
      breaks.length === 0 ? '' : microseconds(Math.max(...breaks.map(({ breakNs }) => breakNs))),
  },
  { head: 'beside', cell: ({ older }) => older.map(besideText).join('; ') },
  { head: 'reason', cell: ({ reason }) => reason },
];

/** An older version that runs, or ran, beside the newest. */
function besideText({ name, version, moves, records, endedAt }: OlderVersionSummary): string {
  const state = records === undefined ? '' : `, ${countOf(records, 'record')}${moves ? ' to move' : ''}`;
  return `${name} ${version}${endedAt === undefined ? state : ', ended'}`;
}

export function addHistoryCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('history')
    .summary('list the revisions of the running engine')
    .description(
      'Lists the revisions of the running engine; the running one has a star. The break is the longest shard’s.',
    )
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (options: ControlOptions & JsonOptions) => {
      const revisions = await withEngine(cli, options, (engine) => engine.history());
      new Output(cli.stdout, options.json).print({ revisions }, () => renderTable(revisions, columns));
    });
  addExamples(command, [
    ['hotclick history --json', 'with the versions of all classes and the break of each shard'],
  ]);
}
