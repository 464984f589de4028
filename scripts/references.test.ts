import t from 'tap';
import { cliPage } from './generate-cli-reference.ts';

t.test('the reference of the command line has every command with an example', async (t) => {
  const { text } = cliPage();
  for (const name of ['run', 'upgrade', 'state get', 'trace', 'doctor', 'stop']) {
    t.match(text, `\n## ${name}\n\n\`hotclick ${name} `);
    t.match(text, `\nhotclick ${name}`);
  }
});
