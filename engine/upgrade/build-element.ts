/**
 * Compiles an element source to a library, outside the gap. Results are kept by content: the preprocessed source, the
 * flags and what is added to the library, so an unchanged source is not compiled twice.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { elementFlags, elementLibraries, elementParts, sdkDirectory } from '../datapath/paths.ts';
import type { StaticsMode } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { buildParts, preprocess, unfinishedName } from './element-parts.ts';
import { runCompiler } from './run-compiler.ts';
import { addStaticsLayout } from './statics-layout.ts';

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** Default: $XDG_CACHE_HOME/hotclick or ~/.cache/hotclick, or the temporary directory where there is no home. */
  readonly cacheDirectory?: string;
  /** What the library gets for its undeclared statics: debug information ('symbols') or their layout ('compiled'). */
  readonly statics?: StaticsMode;
}

/** The layout needs debug information, and variables in pages of their own: no lazily bound addresses beside them. */
const staticsFlags: Readonly<Record<StaticsMode, readonly string[]>> = {
  mapped: [],
  symbols: ['-g'],
  compiled: ['-g', '-Wl,-z,relro,-z,now'],
};

/**
 * The library for `file`: built from a .cc source, or `file` itself when it is a .so.
 * @throws HotclickError HC_BUILD_FAILED with the compiler's first error, HC_ARGUMENT when the file is neither,
 * HC_STATICS when a layout cannot be written; the signal's reason when that ended it
 */
export async function buildElement(file: string, options: BuildOptions = {}): Promise<string> {
  if (!existsSync(file)) throw new HotclickError('HC_ARGUMENT', `there is no file ${file}`);
  const kind = extname(file);
  if (kind === '.so') return resolve(file);
  if (kind !== '.cc' && kind !== '.cpp') {
    throw new HotclickError('HC_ARGUMENT', `${file} is neither a C++ source (.cc) nor a library (.so)`);
  }
  const { statics = 'mapped' } = options;
  const flags = [...elementFlags(), ...staticsFlags[statics]];
  const cacheDirectory = options.cacheDirectory ?? defaultCache();
  const partOptions = { flags, cacheDirectory, ...(options.signal ? { signal: options.signal } : {}) };
  const { text, headers } = await preprocess(file, partOptions);
  const parts = await buildParts(headers, partOptions);
  const hash = createHash('sha256').update(text).update(flags.join('\0'));
  for (const part of [...parts, elementParts]) hash.update(await readFile(part));
  const library = join(cacheDirectory, `${hash.digest('hex')}.so`);
  if (existsSync(library)) return library;
  const unfinished = join(cacheDirectory, unfinishedName('library'));
  try {
    const inputs = [`-I${sdkDirectory}`, file, ...parts, elementParts, ...elementLibraries];
    await runCompiler([...flags, ...inputs, '-o', unfinished], file, options);
    if (statics === 'compiled') await addStaticsLayout(unfinished, file, options);
    await rename(unfinished, library);
  } finally {
    await rm(unfinished, { force: true });
  }
  return library;
}

function defaultCache(): string {
  const base = process.env.XDG_CACHE_HOME ?? (homedir() === '/' ? tmpdir() : join(homedir(), '.cache'));
  return join(base, 'hotclick');
}
