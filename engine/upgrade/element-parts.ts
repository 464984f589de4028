/**
 * The parts of an element: what several classes share, or what is not worth compiling anew with each version, lies in
 * `*.part.cc` files beside the headers that declare it. Whoever includes such a header gets the parts beside it linked
 * in. The SDK's own are in an archive that the build made.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { sdkDirectory } from '../datapath/paths.ts';
import { runCompiler } from './run-compiler.ts';

export interface PartOptions {
  readonly flags: readonly string[];
  readonly cacheDirectory: string;
  readonly signal?: AbortSignal;
}

/** A source after preprocessing, and the headers it included. */
export interface Preprocessed {
  readonly text: string;
  readonly headers: readonly string[];
}

/** @throws HotclickError HC_BUILD_FAILED */
export async function preprocess(
  file: string,
  { flags, cacheDirectory, signal }: PartOptions,
): Promise<Preprocessed> {
  await mkdir(cacheDirectory, { recursive: true });
  const dependencies = join(cacheDirectory, unfinishedName('dependencies'));
  const standard = flags.filter((flag) => flag.startsWith('-std'));
  try {
    const args = ['-E', '-P', ...standard, `-I${sdkDirectory}`, '-MMD', '-MF', dependencies, file];
    const text = await runCompiler(args, file, signal ? { signal } : {});
    return { text, headers: headersOf(await readFile(dependencies, 'utf8')) };
  } finally {
    await rm(dependencies, { force: true });
  }
}

/** The objects of the parts that belong to these headers, compiled unless they are in the cache. */
export async function buildParts(headers: readonly string[], options: PartOptions): Promise<string[]> {
  const folders = new Set(headers.map((header) => dirname(resolve(header))));
  const own = [...folders].filter((folder) => !`${folder}${sep}`.startsWith(`${sdkDirectory}${sep}`));
  const files = await Promise.all(
    own.map(async (folder) =>
      (await readdir(folder)).filter((name) => name.endsWith('.part.cc')).map((name) => join(folder, name)),
    ),
  );
  return Promise.all(
    files
      .flat()
      .sort()
      .map((file) => buildPart(file, options)),
  );
}

async function buildPart(file: string, options: PartOptions): Promise<string> {
  const { flags, cacheDirectory, signal } = options;
  const { text } = await preprocess(file, options);
  const hash = createHash('sha256').update(text).update(flags.join('\0')).digest('hex');
  const object = join(cacheDirectory, `${hash}.o`);
  if (existsSync(object)) return object;
  const unfinished = join(cacheDirectory, unfinishedName(hash));
  try {
    const args = [...flags, '-c', `-I${sdkDirectory}`, file, '-o', unfinished];
    await runCompiler(args, file, signal ? { signal } : {});
    await rename(unfinished, object);
  } finally {
    await rm(unfinished, { force: true });
  }
  return object;
}

export function unfinishedName(name: string): string {
  return `${name}.${process.pid}.${Math.random().toString(36).slice(2)}`;
}

/** What make reads: 'a.o: a.cc b.hpp \', with blanks in names escaped. */
function headersOf(rule: string): string[] {
  const names = rule
    .slice(rule.indexOf(': ') + 2)
    .replaceAll('\\\n', ' ')
    .split(/(?<!\\)\s+/)
    .map((name) => name.replaceAll('\\ ', ' '));
  return names.filter((name) => /\.h(pp|h)?$/.test(name));
}
