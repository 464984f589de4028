/** Writes a generated page of docs/reference, or with --check tells whether the one there is up to date. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface ReferencePage {
  /** Name in docs/reference. */
  readonly file: string;
  readonly text: string;
}

export function pathOf({ file }: ReferencePage): string {
  return fileURLToPath(new URL(`../docs/reference/${file}`, import.meta.url));
}

export async function isUpToDate(page: ReferencePage): Promise<boolean> {
  return (await readFile(pathOf(page), 'utf8').catch(() => '')) === page.text;
}

/** For the main program of a generator. */
export async function writeReference(pages: readonly ReferencePage[]): Promise<void> {
  const onlyCheck = process.argv.includes('--check');
  for (const page of pages) {
    if (await isUpToDate(page)) continue;
    if (!onlyCheck) {
      await writeFile(pathOf(page), page.text);
    } else {
      process.stderr.write(`docs/reference/${page.file} is out of date: run ${process.argv[1]}\n`);
      process.exitCode = 1;
    }
  }
}

/** A Markdown table; cells may hold any text. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapeCell(text: string): string {
  const line = text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  // Outside of code a `<` could begin a tag.
  return line.startsWith('`') ? line : line.replaceAll('<', '&lt;');
}
