import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import t from 'tap';
import { describeLibrary } from '../../datapath/class-catalogue.ts';
import { elementDirectory, elementSources, packageRoot } from '../../datapath/paths.ts';
import { buildElement } from '../build-element.ts';
import { runVectors } from './class-trial.ts';
import { Trial } from './trial.ts';

t.setTimeout(120_000);

const suffix = '.vectors.json';

async function vectorFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name.endsWith(suffix)).map((name) => join(directory, name));
}

/** Runs a file of vectors against a library; the number that passed. */
async function run(file: string, library: string): Promise<number> {
  const trial = new Trial();
  const elementClass = describeLibrary(library);
  const { className, version } = elementClass;
  try {
    return await runVectors(
      trial,
      { className, version, sha256: '', library: 0, elementClass },
      library,
      file,
      {},
    );
  } finally {
    trial.end();
  }
}

t.test('the built-in elements pass their vectors, which lie beside the libraries too', async (t) => {
  const files = await vectorFiles(elementSources);
  const classes = files.map((file) => basename(file, suffix));
  t.match(classes.sort(), ['CheckIPHeader', 'Counter', 'DecIPTTL', 'Firewall', 'IPRewriter']);
  t.same(
    (await readdir(elementDirectory)).filter((name) => name.endsWith(suffix)).sort(),
    classes.map((name) => `${name}${suffix}`),
  );
  for (const file of files) {
    const library = join(elementDirectory, `${basename(file, suffix)}.so`);
    t.ok((await run(file, library)) >= 3, basename(file));
  }
});

t.test('so do the examples', async (t) => {
  const cacheDirectory = t.testdir({});
  const files = await vectorFiles(join(packageRoot, 'examples'));
  t.ok(files.length >= 1);
  for (const file of files) {
    const source = join(dirname(file), `${basename(file, suffix)}.cc`);
    t.ok((await run(file, await buildElement(source, { cacheDirectory }))) >= 3, file);
  }
});
