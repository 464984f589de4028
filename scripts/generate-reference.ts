/** `npm run docs`: all generated pages, and the files shown in hand-written ones. `--check` only compares. */
import { cliPage } from './generate-cli-reference.ts';
import { elementPages, removeStaleElementPages } from './generate-elements-reference.ts';
import { errorPages } from './generate-errors-reference.ts';
import { shownPages } from './show-files.ts';
import type { ReferencePage } from './write-reference.ts';
import { writeReference } from './write-reference.ts';

export async function referencePages(): Promise<ReferencePage[]> {
  return [cliPage(), ...errorPages(), ...(await elementPages())];
}

if (import.meta.filename === process.argv[1]) {
  await writeReference(await referencePages());
  // Read only now: the pages just written are among them, and their old text must not come back.
  await writeReference(await shownPages());
  if (!process.argv.includes('--check')) await removeStaleElementPages();
}
