import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { packageRoot } from '../engine/datapath/paths.ts';
import { staleElementPages } from '../scripts/generate-elements-reference.ts';
import { referencePages } from '../scripts/generate-reference.ts';
import { handWrittenPages, shownFiles, shownPages } from '../scripts/show-files.ts';
import { anchorsOf, linksOf, runnableSnippets } from '../scripts/snippets.ts';
import { isUpToDate, pathOf } from '../scripts/write-reference.ts';

t.setTimeout(120_000);

/** The tutorial's commands need namespaces: test/docs runs them. */
const tutorial = join(packageRoot, 'docs/tutorial.md');
const name = (path: string) => relative(packageRoot, path);

t.test('generated pages are as `npm run docs` makes them', async (t) => {
  for (const page of await referencePages()) t.ok(await isUpToDate(page), page.file);
  t.same(await staleElementPages(), [], 'no pages of classes that are gone');
});

t.test('files shown in pages are shown as they are', async (t) => {
  for (const page of await shownPages()) t.ok(await isUpToDate(page), page.file);
  const shown = handWrittenPages().flatMap((path) => shownFiles(readFileSync(path, 'utf8')));
  t.ok(shown.length >= 7, `${shown.length} files are shown`);
});

t.test('links lead to files and headings that are there', async (t) => {
  const pages = [...handWrittenPages(), ...(await referencePages()).map(pathOf)];
  let checked = 0;
  for (const page of new Set(pages)) {
    for (const link of linksOf(readFileSync(page, 'utf8'))) {
      if (/^https?:/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : resolve(dirname(page), file);
      t.ok(existsSync(target), `${name(page)}: ${link}`);
      if (anchor !== undefined && statSync(target).isFile()) {
        t.ok(anchorsOf(readFileSync(target, 'utf8')).has(anchor), `${name(page)}: ${link}`);
      }
      ++checked;
    }
  }
  t.ok(checked > 100, `${checked} links`);
});

const setUp = `
set -e
work=$(mktemp -d)
hotclick() { node "$PWD/dist/engine/cli/main.js" "$@"; }
export HOTCLICK_CONTROL=$work/control.sock
trap 'set +e; hotclick stop > $work/stop.txt 2>&1; kill $(jobs -p) 2> $work/stop.txt; rm -rf $work' EXIT
`;

for (const page of handWrittenPages().filter((path) => path !== tutorial)) {
  const snippets = runnableSnippets(readFileSync(page, 'utf8'));
  if (snippets.length === 0) continue;
  t.test(`the commands of ${name(page)} do their work`, async (t) => {
    const child = spawn('bash', ['-c', [setUp, ...snippets].join('\n')], { cwd: packageRoot });
    const [said, complaints, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    t.equal(status, 0, `${said}\n${complaints}`);
    t.not(said, '');
  });
}
