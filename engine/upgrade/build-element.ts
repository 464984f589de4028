/**
 * Compiles an element source to a library, outside the gap. Results are kept by content: the preprocessed source and
 * the flags, so an unchanged source is not compiled twice.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { elementFlagsFile, sdkDirectory } from '../datapath/paths.ts';
import { HotclickError } from '../errors.ts';

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** Default: $XDG_CACHE_HOME/hotclick or ~/.cache/hotclick, or the temporary directory where there is no home. */
  readonly cacheDirectory?: string;
}

/**
 * The library for `file`: built from a .cc source, or `file` itself when it is a .so.
 * @throws HotclickError HC_BUILD_FAILED with the compiler's first error, HC_ARGUMENT when the file is neither; the
 * signal's reason when that ended it
 */
export async function buildElement(file: string, options: BuildOptions = {}): Promise<string> {
  if (!existsSync(file)) throw new HotclickError('HC_ARGUMENT', `there is no file ${file}`);
  const kind = extname(file);
  if (kind === '.so') return resolve(file);
  if (kind !== '.cc' && kind !== '.cpp') {
    throw new HotclickError('HC_ARGUMENT', `${file} is neither a C++ source (.cc) nor a library (.so)`);
  }
  const flags = (await readFile(elementFlagsFile, 'utf8')).split('\n').filter((line) => line !== '');
  const common = [`-I${sdkDirectory}`, file];
  const source = await compiler(
    ['-E', '-P', ...flags.filter((flag) => flag.startsWith('-std')), ...common],
    file,
    options,
  );
  const hash = createHash('sha256').update(source).update(flags.join('\0')).digest('hex');
  const directory = options.cacheDirectory ?? defaultCache();
  const library = join(directory, `${hash}.so`);
  if (existsSync(library)) return library;
  await mkdir(directory, { recursive: true });
  const unfinished = `${library}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await compiler([...flags, ...common, '-o', unfinished], file, options);
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

/** Runs the compiler; its standard output. */
function compiler(args: readonly string[], file: string, { signal }: BuildOptions): Promise<string> {
  const command = process.env.CXX ?? 'g++';
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (cause) => {
      if (signal?.aborted) return failed(signal.reason);
      failed(
        new HotclickError('HC_BUILD_FAILED', `the compiler ${command} cannot be run: ${cause.message}`, {
          cause,
          hint: 'install g++, or name a compiler in CXX',
        }),
      );
    });
    child.on('close', (status) => {
      if (status === 0) return done(Buffer.concat(output).toString());
      const text = Buffer.concat(errors).toString();
      const first = text.split('\n').find((line) => line.includes('error')) ?? text.split('\n')[0] ?? '';
      failed(
        new HotclickError('HC_BUILD_FAILED', `${file} does not compile: ${first}`, {
          details: { output: text },
        }),
      );
    });
  });
}
