import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { runnableSnippets } from '../../scripts/snippets.ts';
import { runSnippets } from './run-snippets.ts';

t.setTimeout(120_000);

t.test('the tutorial does what it says, command by command', async (t) => {
  const snippets = runnableSnippets(readFileSync(join(packageRoot, 'docs/tutorial.md'), 'utf8'));
  t.equal(snippets.length, 13);
  const { status, said, complaints } = await runSnippets(snippets);
  t.equal(status, 0, `${said}\n${complaints}`);
  for (const expected of [
    /hello\.click: 4 elements, .*nothing wrong/,
    /^8\n(udp 10\.9\.0\.1:500\d > 10\.9\.0\.2:9000 single packets .*\n){8}/m,
    /1000 packets written to .*, 0 lost/,
    /nothing was changed, revision 1 runs/,
    /revision 2 runs, after revision 1, by strategy swap/,
    /^fw \(2\.0\.0\) \[0\] -> \[0\] to_server/m,
    /since before the upgrade/,
    /^exit status 3$/m,
    /revision 3 runs, after revision 2/,
    /^\* +3 +2 .* rollback +committed/m,
    /fw\/connections +table +Firewall 1\.0\.0/,
    /^2 of 8 records/m,
    /^"missing":0$/m,
    /^stopped$/m,
  ]) {
    t.match(said, expected);
  }
  t.match(complaints, /mutable static data that is not declared as state: 'connections_seen'/);
});
