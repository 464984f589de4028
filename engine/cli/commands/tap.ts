import type { Command } from 'commander';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { Interrupt } from '../interrupt.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption, wholeNumber } from '../option-values.ts';
import { Output } from '../output.ts';
import { countOf } from '../units.ts';

interface TapOptions extends ControlOptions, JsonOptions {
  readonly write: string;
  readonly limit?: number;
  readonly snaplen?: number;
}

export function addTapCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('tap')
    .summary('write the packets of an edge to a pcapng file')
    .description(
      'Writes the packets of an edge of the running graph to a pcapng file. Ends with Ctrl-C or after --limit packets.',
    )
    .argument('<edge>', 'ELEMENT[PORT] for what leaves an output, [PORT]ELEMENT for what enters an input')
    .requiredOption('-w, --write <file>', 'file to write; the engine writes it')
    .option('--limit <number>', 'packets to write', wholeNumber(1))
    .option('--snaplen <bytes>', 'bytes to keep of a packet', wholeNumber(1))
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (edge: string, { write: file, limit, snaplen, json, ...options }: TapOptions) => {
      using interrupt = new Interrupt();
      const summary = await withEngine(cli, options, (engine) =>
        engine.tap(edge, file, {
          signal: interrupt.signal,
          ...(limit === undefined ? {} : { limit }),
          ...(snaplen === undefined ? {} : { snaplen }),
        }),
      );
      new Output(cli.stdout, json).print(
        summary,
        (done) => `${countOf(done.packets, 'packet')} written to ${done.file}, ${done.lost} lost`,
      );
    });
  addExamples(command, [
    ["hotclick tap 'fw[0]' -w accepted.pcapng", 'writes what leaves output 0 of fw'],
    ["hotclick tap '[0]fw' -w before.pcapng --limit 1000 --snaplen 96", 'writes what enters input 0'],
  ]);
}
