import t from 'tap';
import { cliPage } from './generate-cli-reference.ts';
import { errorPages } from './generate-errors-reference.ts';
import { isUpToDate } from './write-reference.ts';

t.test('the generated reference is up to date', async (t) => {
  for (const page of [cliPage(), ...errorPages()]) {
    t.ok(await isUpToDate(page), `docs/reference/${page.file}; if not, run scripts/generate-*-reference.ts`);
  }
});

t.test('the reference of the command line has every command with an example', async (t) => {
  const { text } = cliPage();
  for (const name of ['run', 'upgrade', 'state get', 'trace', 'doctor', 'stop']) {
    t.match(text, `\n## ${name}\n\n\`hotclick ${name} `);
    t.match(text, `\nhotclick ${name}`);
  }
});
