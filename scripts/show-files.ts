/**
 * Files shown in hand-written pages: a code block after `<!-- file: PATH -->` holds that file of the project, so that what
 * a reader copies is what is compiled and tested.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../engine/datapath/paths.ts';
import type { ReferencePage } from './write-reference.ts';

/** Where the reference lies; names of pages are relative to it. */
const reference = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const shown = /(<!-- file: (\S+) -->\n+```\w*\n)(?:[\s\S]*?\n)??(```)/g;

/** The hand-written pages and README.md, each with the files it shows as they are now. */
export async function shownPages(): Promise<ReferencePage[]> {
  return Promise.all(
    handWrittenPages().map(async (path) => {
      const text = (await readFile(path, 'utf8')).replace(
        shown,
        (_, before: string, file: string, after: string) =>
          `${before}${readFileSync(join(packageRoot, file), 'utf8').trimEnd()}\n${after}`,
      );
      return { file: relative(reference, path), text };
    }),
  );
}

/** The files that a page shows. */
export function shownFiles(page: string): string[] {
  return [...page.matchAll(shown)].map((match) => match[2]!);
}

/** Markdown files of the root and of docs/, but for the generated ones. */
export function handWrittenPages(): string[] {
  const docs = join(packageRoot, 'docs');
  const below = readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.startsWith('reference/elements/'))
    .map((name) => join(docs, name));
  const root = readdirSync(packageRoot).filter((name) => name.endsWith('.md'));
  return [...root.map((name) => join(packageRoot, name)), ...below].sort();
}
