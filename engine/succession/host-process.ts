/**
 * The process an engine runs in, as something that another process can take the place of: how a successor is started,
 * and, in a successor, the engine that it succeeds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join, resolve } from 'node:path';
import type { SuccessorOptions } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { Predecessor } from './predecessor.ts';
import { type Patience, Successor, usualPatience } from './successor.ts';

/** In the environment of a successor: its ends of two socket pairs, for messages and for open files. */
const variable = 'HOTCLICK_SUCCESSION';

export class HostProcess {
  /** The engine whose place this process is to take; undefined in a process that was started by hand. */
  readonly predecessor: Predecessor | undefined;
  readonly #user = process.geteuid?.();

  readonly #patience: Patience;
  /** As it was at the start; what this process sets in it since is its own. */
  readonly #env = { ...process.env };

  private constructor(predecessor: Predecessor | undefined, patience: Patience) {
    this.predecessor = predecessor;
    this.#patience = patience;
  }

  /**
   * Successors are started with this process's own command line, environment and working directory. In one, this waits
   * until the predecessor has said what is to be run.
   * @throws HotclickError HC_SUCCESSION
   */
  static async open(
    env: Readonly<Record<string, string | undefined>> = process.env,
    { patience = usualPatience }: { readonly patience?: Patience } = {},
  ): Promise<HostProcess> {
    const [messages, files] = (env[variable] ?? '').split(',').map(Number);
    delete process.env[variable];
    if (!Number.isInteger(messages) || !Number.isInteger(files)) return new HostProcess(undefined, patience);
    const stream = new Socket({ fd: messages!, readable: true, writable: true });
    return new HostProcess(await Predecessor.meet(stream, files!), patience);
  }

  get pid(): number {
    return process.pid;
  }

  /** @throws HotclickError HC_PRIVILEGE when a successor could not open the devices again */
  refuseIfDemoted(): void {
    if (process.geteuid?.() === this.#user) return;
    throw new HotclickError(
      'HC_PRIVILEGE',
      'this process has become another user, as whom a new one could not open the devices',
      { hint: 'use a strategy that keeps them open: swap, thread, handover' },
    );
  }

  /** Starts another process in the place of this one; it waits to be told what to run. */
  spawn({ node = process.execPath, hotclick }: SuccessorOptions): Successor {
    const [, script = '', ...args] = process.argv;
    const program = hotclick === undefined ? [...process.execArgv, script] : [installedProgram(hotclick)];
    const command = { node, args: [...program, ...args], env: this.#env, variable };
    return Successor.spawn(command, this.#patience);
  }
}

/** The command of another installation: what the `bin` of its package.json names. */
function installedProgram(directory: string): string {
  try {
    const { bin } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      bin?: Record<string, string>;
    };
    const program = resolve(directory, bin?.hotclick ?? '');
    if (bin?.hotclick !== undefined && existsSync(program)) return program;
  } catch (cause) {
    throw new HotclickError('HC_ARGUMENT', `${directory} holds no installation of hotclick`, { cause });
  }
  throw new HotclickError('HC_ARGUMENT', `${directory} holds no built hotclick`, {
    hint: 'name the directory of its package.json with --hotclick; `npm run build` there builds it',
  });
}
