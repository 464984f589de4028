/** The compiler and its companions as child processes. */
import { spawn } from 'node:child_process';
import { HotclickError } from '../errors.ts';

/** Runs the compiler; its standard output. @throws HotclickError HC_BUILD_FAILED with its first error */
export function runCompiler(
  args: readonly string[],
  file: string,
  { signal }: { readonly signal?: AbortSignal },
): Promise<string> {
  const command = process.env.CXX ?? 'g++';
  const hint = 'install g++, or name a compiler in CXX';
  return runTool(command, args, { file, hint, fault: 'does not compile', ...(signal ? { signal } : {}) });
}

export interface ToolOptions {
  /** What it works on, and what went wrong with that when it fails. */
  readonly file: string;
  readonly fault: string;
  /** When it is not there. */
  readonly hint: string;
  readonly signal?: AbortSignal;
}

export function runTool(
  command: string,
  args: readonly string[],
  { file, fault, hint, signal }: ToolOptions,
): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (cause) => {
      if (signal?.aborted) return failed(signal.reason);
      const message = `the program ${command} cannot be run: ${cause.message}`;
      failed(new HotclickError('HC_BUILD_FAILED', message, { cause, hint }));
    });
    child.on('close', (status) => {
      if (status === 0) return done(Buffer.concat(output).toString());
      const text = Buffer.concat(errors).toString();
      const first = text.split('\n').find((line) => line.includes('error')) ?? text.split('\n')[0] ?? '';
      const message = `${file} ${fault}: ${first}`;
      failed(new HotclickError('HC_BUILD_FAILED', message, { details: { output: text } }));
    });
  });
}
