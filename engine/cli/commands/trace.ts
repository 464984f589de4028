import type { Command } from 'commander';
import type { TraceEvent } from '../../engine-types.ts';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { Interrupt } from '../interrupt.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption, wholeNumber } from '../option-values.ts';
import { Output } from '../output.ts';
import { printable } from '../printable.ts';

interface TraceOptions extends ControlOptions, JsonOptions {
  readonly limit: number;
}

export function addTraceCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('trace')
    .summary('follow packets through the elements')
    .description(
      'Follows the packets that match FILTER through the elements: element, version, port, and why it was dropped. ' +
        'Ends after --limit packets or with Ctrl-C.',
    )
    .argument(
      '<filter>',
      'packets to follow, in the language of IPClassifier, e.g. "tcp dst port 80"; - follows all',
    )
    .option('--limit <number>', 'packets to follow', wholeNumber(1), 10)
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (filter: string, { limit, json, ...options }: TraceOptions) => {
      using interrupt = new Interrupt();
      const signal = AbortSignal.any([interrupt.signal, cli.outputGone]);
      const output = new Output(cli.stdout, json);
      await withEngine(cli, options, async (engine) => {
        for await (const event of engine.trace(filter, {
          signal,
          ...(limit === undefined ? {} : { limit }),
        })) {
          output.print(event, renderEvent);
        }
      });
    });
  addExamples(command, [
    ['hotclick trace "udp dst port 53" --limit 5', 'follows five packets'],
    ['hotclick trace - --json', 'follows all packets, one JSON object for each step'],
  ]);
}

function renderEvent(event: TraceEvent): string {
  const { time, shard, packet, kind, element, version, port, to, toPort, reason, length, head } = event;
  const end =
    kind === 'drop' ? `dropped: ${reason}` : `-> ${to === undefined ? 'nowhere' : `[${toPort}] ${to}`}`;
  const place = `${element} (${version}) [${port}]`;
  return printable(`${time}  shard ${shard}  packet ${packet}  ${place} ${end}  ${length} bytes  ${head}`);
}
