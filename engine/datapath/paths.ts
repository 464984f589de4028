/** Where the parts of the installed package lie. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root: the directory of its package.json, from the sources as from dist/. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(start: string): string {
  let at = start;
  while (!existsSync(join(at, 'binding.gyp'))) {
    const up = dirname(at);
    if (up === at) return start;
    at = up;
  }
  return at;
}

export const buildDirectory = join(packageRoot, 'build', 'Release');
export const addonPath = (): string => join(buildDirectory, 'hotclick.node');
/** Built element libraries: CLASS.so. */
export const elementDirectory = join(buildDirectory, 'elements');
export const elementSources = join(packageRoot, 'native', 'elements');
export const sdkDirectory = join(packageRoot, 'native', 'include');
/** What the SDK has compiled once for all elements; comes after the source in a compiler's arguments. */
export const elementParts = join(buildDirectory, 'element-parts.a');
/** Comes last: the compiler's own helpers, where a processor needs them. */
export const elementLibraries = ['-lgcc'] as const;
/** Compiler flags of an element; binding.gyp reads the same file, one a line. */
export const elementFlags = (): string[] =>
  readFileSync(join(packageRoot, 'native', 'element-flags.txt'), 'utf8')
    .split('\n')
    .filter(Boolean);
