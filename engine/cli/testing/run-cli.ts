/** Runs commands for tests: in this process with a made-up world, or as a program of its own. */

import { spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { counterClass } from '../../control/testing/answers.ts';
import type { CliContext } from '../context.ts';
import { runProgram } from '../program.ts';
import { reportError } from '../report-error.ts';

export interface CliResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In this process. The classes are those of the engine for tests. */
export async function runCli(
  args: readonly string[],
  overrides: Partial<CliContext> & { readonly input?: string } = {},
): Promise<CliResult> {
  const { input = '', ...world } = overrides;
  const stdout = new TextSink();
  const stderr = new TextSink();
  let status = 0;
  const cli: CliContext = {
    stdin: Readable.from([Buffer.from(input)]),
    stdout,
    stderr,
    env: {},
    outputGone: new AbortController().signal,
    startEngine: () => Promise.reject(new Error('this test starts no engine')),
    builtinClasses: async () => [counterClass],
    argumentFaults: async () => [],
    setExitCode: (code) => {
      status = code;
    },
    ...world,
  };
  try {
    await runProgram(args, cli);
  } catch (error) {
    status = reportError(cli, error, args.includes('--json'));
  }
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** The `hotclick` program from its sources, run by `node`. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  node = process.execPath,
) {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = spawn(node, ['--import', import.meta.resolve('tsx'), main, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const watch of watchers) watch();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<CliResult>((resolve) => {
    // A status of -1: a signal ended it.
    child.once('close', (status) => resolve({ status: status ?? -1, stdout, stderr }));
  });
  return {
    child,
    ended,
    /** Resolves when standard output matches; rejects when the program ends before. */
    async printed(pattern: RegExp): Promise<void> {
      const found = new Promise<void>((resolve) => {
        const watch = () => {
          if (pattern.test(stdout)) resolve();
        };
        watchers.add(watch);
        watch();
      });
      const early = ended.then((result) => {
        throw new Error(`it ended before it printed ${pattern}: ${JSON.stringify(result)}`);
      });
      await Promise.race([found, early]);
    },
  };
}

class TextSink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}
