import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { runnableSnippets } from '../../scripts/snippets.ts';
import { runSnippets } from './run-snippets.ts';

t.setTimeout(120_000);

t.test('the page on old connections does what it says, with the names of the tutorial', async (t) => {
  const snippetsOf = (page: string) =>
    runnableSnippets(readFileSync(join(packageRoot, 'docs', page), 'utf8'));
  const snippets = snippetsOf('how-to/new-flows-only.md');
  t.equal(snippets.length, 2);
  const { status, said, complaints } = await runSnippets([snippetsOf('tutorial.md')[0]!, ...snippets]);
  t.equal(status, 0, `${said}\n${complaints}`);
  for (const expected of [
    /^pin +fw +Firewall +1\.0\.0 → 2\.0\.0/m,
    /revision 2 runs, after revision 1, by strategy swap/,
    /^\* +2 +1 .*fw~1 1\.0\.0, 50 records/m,
    /^3 of 70 records/m,
    /^stopped$/m,
  ]) {
    t.match(said, expected);
  }
});
