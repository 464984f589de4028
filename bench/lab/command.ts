import { spawn } from 'node:child_process';
import { HotclickError } from '../../engine/errors.ts';

export interface CommandOptions {
  /** Text for the command's standard input. */
  readonly input?: string;
  /** Ends the command when it aborts. */
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end. Rejects with `HC_LAB` when it cannot be started or its exit status is not 0; the
 * message holds the command and what it wrote to standard error.
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new HotclickError('HC_ARGUMENT', 'a command needs a program');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, options.signal === undefined ? {} : { signal: options.signal });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A program that ends without reading its input is judged by its exit status.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.once('error', (cause) => {
      const name = argv.join(' ');
      reject(
        cause.name === 'AbortError'
          ? cause
          : new HotclickError('HC_LAB', `${name}: ${cause.message}`, { cause }),
      );
    });
    child.once('close', (status, signalName) => {
      if (status === 0) return resolve({ stdout, stderr });
      const ending = signalName === null ? `exit status ${status}` : `ended by ${signalName}`;
      reject(
        new HotclickError(
          'HC_LAB',
          `${argv.join(' ')}: ${ending}${stderr === '' ? '' : `: ${stderr.trim()}`}`,
        ),
      );
    });
  });
}
