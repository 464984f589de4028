import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseClick } from './index.ts';

t.test('the examples of the language page are read', async (t) => {
  const page = readFileSync(new URL('../docs/reference/language.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```click\n([\s\S]*?)```/g)].map((match) => match[1]!);
  t.equal(examples.length, 2);
  for (const example of examples) {
    t.ok(parseClick(example, { file: 'language.md' }).elements.length > 0);
  }
});
