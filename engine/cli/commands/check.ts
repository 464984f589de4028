import type { Command } from 'commander';
import type { ConfigurationText } from '../configuration-file.ts';
import { readConfiguration } from '../configuration-file.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import type { JsonOptions } from '../option-values.ts';
import { defineOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';
import { countOf } from '../units.ts';

interface CheckOptions extends JsonOptions {
  readonly define?: Readonly<Record<string, string>>;
}

interface CheckSummary {
  readonly file: string;
  readonly elements: number;
  readonly connections: number;
  readonly requirements: readonly string[];
  /** Classes used, and by how many elements. */
  readonly classes: Readonly<Record<string, number>>;
}

export function addCheckCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('check')
    .summary('check a configuration without running it')
    .description(
      'Reads a configuration and checks it against the element classes: names, ports, push and pull, and the ' +
        'arguments of each element. Nothing is opened: whether devices and files are there shows when it runs.',
    )
    .argument('<file>', 'configuration in the Click language; - is standard input')
    .addOption(defineOption())
    .addOption(jsonOption())
    .action(async (name: string, { define: defines = {}, json }: CheckOptions) => {
      const configuration = await readConfiguration(cli, name);
      const summary = await checkConfiguration(cli, configuration, defines);
      new Output(cli.stdout, json).print(summary, renderSummary);
    });
  addExamples(command, [
    ['hotclick check firewall.click', 'exit status 3 and file:line:column when something is wrong'],
    ['hotclick check router.click --define DEV=eth0', 'with a value for $DEV'],
  ]);
}

async function checkConfiguration(
  cli: CliContext,
  { text, file }: ConfigurationText,
  defines: Readonly<Record<string, string>>,
): Promise<CheckSummary> {
  const [{ clickSourceLines, parseClick }, { checkGraph }, { diagnosticsError }, { isKnownPackage }] =
    await Promise.all([
      import('../../../click-compat/index.ts'),
      import('../../graph/check.ts'),
      import('../../graph/diagnostics.ts'),
      import('../../graph/packages.ts'),
    ]);
  const classes = await cli.builtinClasses();
  const graph = parseClick(text, { file, defines, isKnownPackage });
  const byName = new Map(classes.map((one) => [one.className, one]));
  const sourceLine = clickSourceLines(text, file);
  const checked = checkGraph(graph, (className) => byName.get(className), { sourceLine });
  const faults = await cli.argumentFaults(checked);
  if (faults.length > 0) throw diagnosticsError('HC_CONFIGURE_FAILED', faults, sourceLine);
  const used: Record<string, number> = {};
  for (const { className } of graph.elements) used[className] = (used[className] ?? 0) + 1;
  return {
    file,
    elements: graph.elements.length,
    connections: graph.connections.length,
    requirements: graph.requirements,
    classes: used,
  };
}

function renderSummary({ file, elements, connections, classes }: CheckSummary): string {
  const parts = [
    countOf(elements, 'element'),
    countOf(Object.keys(classes).length, 'class', 'classes'),
    countOf(connections, 'connection'),
  ];
  return `${file}: ${parts.join(', ')}; nothing wrong`;
}
