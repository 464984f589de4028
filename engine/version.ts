import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HotclickError } from './errors.ts';

/** The version in the package's own package.json, wherever this file was compiled to. */
export function hotclickVersion(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const found = readManifest(join(directory, 'package.json'));
    if (found?.name === 'hotclick') return found.version;
    if (directory === dirname(directory))
      throw new HotclickError('HC_INTERNAL', 'package.json is not installed');
  }
}

function readManifest(file: string): { name: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  } catch {
    return undefined;
  }
}
