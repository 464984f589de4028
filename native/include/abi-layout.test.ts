import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { sdkDirectory } from '../../engine/datapath/paths.ts';

const read = (file: string) => readFileSync(join(sdkDirectory, 'hotclick', file), 'utf8');

/** The names of the fields of each structure, as abi.h declares them. */
function structures(): Map<string, string[]> {
  const text = read('abi.h').replace(/\/\*[\s\S]*?\*\//g, '');
  return new Map(
    [...text.matchAll(/struct (hc_\w+) \{([\s\S]*?)\n\}/g)].map(([, name, body]) => [
      name!,
      body!
        .replace(/__attribute__\(\(.*\)\)/g, '')
        .split(';')
        .flatMap((one) => (one.includes('(*') ? [/\(\*(\w+)\)/.exec(one)![1]!] : one.split(',')))
        .map((one) => /(\w+)\s*(\[.*\])?\s*$/.exec(one)?.[1] ?? '')
        .filter((one) => one !== ''),
    ]),
  );
}

t.test(
  'the sum of the ABI takes in every structure, and every field but the first, which is at 0',
  async (t) => {
    const layout = read('abi_layout.hpp');
    t.ok(structures().size > 20);
    for (const [name, [, ...fields]] of structures()) {
      t.ok(layout.includes(`sizeof(${name})`), name);
      for (const field of fields) t.ok(layout.includes(`HC_AT(${name}, ${field})`), `${name}.${field}`);
    }
  },
);
