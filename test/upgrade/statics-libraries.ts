/** Libraries with static variables that they do not declare. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { elementFlags, sdkDirectory } from '../../engine/datapath/paths.ts';
import type { StaticsReport, UpgradeReport } from '../../engine/engine-types.ts';

/** The example element PlainMeter at one of its versions. */
export function exampleSource(version: 'v1' | 'v2'): string {
  return fileURLToPath(
    new URL(`../../examples/elements/PlainMeter/${version}/PlainMeter.cc`, import.meta.url),
  );
}

export function staticsSource(name: string, kind = 'cc'): string {
  return fileURLToPath(new URL(`./elements/statics/${name}.${kind}`, import.meta.url));
}

/** The Counter that counts with functions of a C file, whose variables the compiler numbers. */
export function buildWithC(directory: string, flags: readonly string[]): string {
  mkdirSync(directory);
  const object = join(directory, 'numbered.o');
  const library = join(directory, 'Counter.so');
  execFileSync('gcc', [
    '-O2',
    '-fPIC',
    '-fvisibility=hidden',
    ...flags,
    '-c',
    staticsSource('numbered', 'c'),
    '-o',
    object,
  ]);
  const sources = [staticsSource('numbered'), object];
  execFileSync('g++', [...elementFlags(), ...flags, `-I${sdkDirectory}`, ...sources, '-o', library]);
  return library;
}

/** What an upgrade of one class did with its undeclared statics. */
export function statics({ statics: reports = [] }: UpgradeReport): StaticsReport {
  const [report] = reports;
  if (!report || reports.length > 1) throw new Error(`${reports.length} classes with undeclared statics`);
  return report;
}
