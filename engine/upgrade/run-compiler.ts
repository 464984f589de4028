/** The compiler and its companions as child processes. */
import { text } from 'node:stream/consumers';
import { HotclickError } from '../errors.ts';
import { Program } from './program.ts';

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

export async function runTool(
  command: string,
  args: readonly string[],
  { file, fault, hint, signal }: ToolOptions,
): Promise<string> {
  signal?.throwIfAborted();
  const program = start(command, args, hint);
  const end = () => program.kill();
  signal?.addEventListener('abort', end, { once: true });
  const [output, errors, { status }] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    program.closed,
  ]);
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (status === 0) return output;
  const first = errors.split('\n').find((line) => line.includes('error')) ?? errors.split('\n')[0] ?? '';
  throw new HotclickError('HC_BUILD_FAILED', `${file} ${fault}: ${first}`, { details: { output: errors } });
}

function start(command: string, args: readonly string[], hint: string): Program {
  try {
    return new Program(command, { args });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the program ${command} cannot be run: ${reason}`;
    throw new HotclickError('HC_BUILD_FAILED', message, { cause, hint });
  }
}
