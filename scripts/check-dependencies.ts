/** Dependencies point one way: reads every import and #include and refuses those the table does not allow. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { packageRoot } from '../engine/datapath/paths.ts';

/** A part of the house: the paths that belong to it and the parts that it may use besides itself. */
interface Part {
  readonly name: string;
  readonly paths: RegExp;
  readonly uses: readonly string[];
}

// The first part whose paths match a file owns it.
const parts: readonly Part[] = [
  { name: 'sdk', paths: /^native\/(include|sdk)\//, uses: [] },
  { name: 'elements', paths: /^native\/elements\/.*(?<!\.test\.ts)$/, uses: ['sdk'] },
  { name: 'core', paths: /^native\/(core|io|state)\/(?!.*_test\.cc)/, uses: ['sdk'] },
  { name: 'holder program', paths: /^native\/holder\/(?!.*_test\.cc)/, uses: ['core'] },
  { name: 'addon', paths: /^native\/addon\//, uses: ['core', 'sdk'] },
  { name: 'errors', paths: /^engine\/(errors|engine-types|watch-types)\.ts$/, uses: ['graph'] },
  { name: 'graph', paths: /^engine\/graph\//, uses: ['errors'] },
  { name: 'datapath', paths: /^engine\/datapath\//, uses: ['errors', 'graph'] },
  { name: 'click-compat', paths: /^click-compat\//, uses: ['graph', 'errors'] },
  { name: 'state', paths: /^engine\/state\//, uses: ['errors', 'graph', 'datapath', 'upgrade'] },
  { name: 'upgrade', paths: /^engine\/upgrade\//, uses: ['errors', 'graph', 'datapath', 'state'] },
  { name: 'observe', paths: /^engine\/observe\//, uses: ['errors', 'graph', 'datapath'] },
  { name: 'control', paths: /^engine\/control\//, uses: ['errors', 'graph'] },
  { name: 'holder', paths: /^engine\/holder\//, uses: ['errors', 'datapath', 'state'] },
  {
    name: 'succession',
    paths: /^engine\/succession\//,
    uses: ['errors', 'graph', 'datapath', 'state', 'upgrade', 'control'],
  },
  {
    name: 'engine',
    paths: /^engine\/[^/]+\.ts$/,
    uses: [
      'errors',
      'graph',
      'datapath',
      'state',
      'upgrade',
      'holder',
      'succession',
      'observe',
      'control',
      'click-compat',
    ],
  },
  {
    name: 'cli',
    paths: /^engine\/cli\//,
    uses: [
      'errors',
      'graph',
      'datapath',
      'state',
      'upgrade',
      'holder',
      'succession',
      'observe',
      'control',
      'engine',
      'click-compat',
    ],
  },
];
/** Uses anything and is used by nobody above: tests, benchmarks, examples, scripts. */
const outside =
  /(\.test\.ts$|_test\.cc$|^(bench|test|examples|scripts)\/|^native\/test\/|\/(testing|fixtures)\/)/;

function partOf(file: string): Part | undefined {
  return outside.test(file) ? undefined : parts.find(({ paths }) => paths.test(file));
}

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return /^(node_modules|dist|build|\.git)$/.test(entry.name) ? [] : sources(path);
    return /\.(ts|js|cc|hh|hpp|h)$/.test(entry.name) ? [relative(packageRoot, path)] : [];
  });
}

function dependencies(file: string): string[] {
  const text = readFileSync(join(packageRoot, file), 'utf8');
  if (/\.[tj]s$/.test(file)) {
    return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((match) =>
      join(dirname(file), match[1]!),
    );
  }
  return [...text.matchAll(/^#include\s+(?:"([^"]+)"|<(hotclick\/[^>]+)>)/gm)].map(([, local, sdk]) =>
    sdk === undefined ? join(dirname(file), local!) : join('native/include', sdk),
  );
}

const faults: string[] = [];
let checked = 0;
for (const file of sources(packageRoot)) {
  const from = partOf(file);
  for (const target of dependencies(file)) {
    ++checked;
    if (!from) continue;
    if (outside.test(target)) {
      faults.push(`${file} uses ${target}, which is for tests and tools only`);
      continue;
    }
    const to = partOf(target);
    if (to && to !== from && !from.uses.includes(to.name))
      faults.push(`${file} (${from.name}) may not use ${target} (${to.name})`);
  }
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${checked} dependencies checked, ${faults.length} against the direction\n`);
process.exitCode = faults.length === 0 && checked > 0 ? 0 : 1;
