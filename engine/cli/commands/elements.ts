import type { Command } from 'commander';
import { HotclickError } from '../../errors.ts';
import type { ElementClass } from '../../graph/element-class.ts';
import { withEngine } from '../connect.ts';
import type { CliContext } from '../context.ts';
import { elementPage, summaryOf } from '../element-page.ts';
import { elementText } from '../element-text.ts';
import { addExamples } from '../examples.ts';
import type { ControlOptions, JsonOptions } from '../option-values.ts';
import { controlOption, jsonOption } from '../option-values.ts';
import { Output } from '../output.ts';
import { renderTable } from '../table.ts';

interface ElementsOptions extends ControlOptions, JsonOptions {
  readonly markdown?: boolean;
  readonly running?: boolean;
}

export function addElementsCommand(program: Command, cli: CliContext): void {
  const command = program
    .command('elements')
    .summary('list the element classes, or print the page of one')
    .description(
      'Lists the element classes, or prints the page of one: arguments, handlers, states, drop reasons.',
    )
    .argument('[class]', 'class whose page to print')
    .option('--running', 'the classes of the running engine, with the versions it runs')
    .option('--markdown', 'print the page as Markdown')
    .addOption(controlOption())
    .addOption(jsonOption())
    .action(async (className: string | undefined, options: ElementsOptions) => {
      const classes =
        options.running === true || options.control !== undefined
          ? await withEngine(cli, options, (engine) => engine.classes())
          : await cli.builtinClasses();
      const output = new Output(cli.stdout, options.json);
      if (className !== undefined) {
        output.print(findClass(classes, className), options.markdown === true ? elementPage : elementText);
      } else {
        const sorted = classes.toSorted((a, b) => (a.className < b.className ? -1 : 1));
        output.print({ classes: sorted }, () => renderList(sorted, options.markdown === true));
      }
    });
  addExamples(command, [
    ['hotclick elements', 'lists all classes'],
    ['hotclick elements Counter', 'prints the page of one'],
    ['hotclick elements --running --json', 'everything about the classes of the running engine'],
  ]);
}

function findClass(classes: readonly ElementClass[], name: string): ElementClass {
  const found = classes.find(({ className }) => className === name);
  if (found !== undefined) return found;
  const names = classes.map(({ className }) => className).sort();
  const whole = name.toLowerCase();
  const holding = names.filter((className) => className.toLowerCase().includes(whole));
  const start = whole.slice(0, 4);
  const alike = holding.length > 0 ? holding : names.filter((one) => one.toLowerCase().startsWith(start));
  throw new HotclickError('HC_NO_SUCH_CLASS', `no element class is called '${name}'`, {
    ...(alike.length > 0 ? { hint: `there are: ${alike.slice(0, 10).join(', ')}` } : {}),
    details: { className: name, alike },
  });
}

function renderList(classes: readonly ElementClass[], isMarkdown: boolean): string {
  if (isMarkdown) {
    return classes.map((one) => `- **${one.className}** ${one.version}: ${summaryOf(one)}`).join('\n');
  }
  return renderTable(classes, [
    { head: 'class', cell: ({ className }) => className },
    { head: 'version', cell: ({ version }) => version },
    { head: 'ports', cell: ({ ports }) => ports },
    { head: 'processing', cell: ({ processing }) => processing },
    { head: 'what it does', cell: summaryOf },
  ]);
}
