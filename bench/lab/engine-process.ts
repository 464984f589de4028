/** An engine in a process of its own, as an operator runs it: `hotclick run`, reached through its control socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../engine/control/client.ts';
import { packageRoot } from '../../engine/datapath/paths.ts';
import { HotclickError } from '../../engine/errors.ts';

export interface EngineProcessOptions {
  readonly file: string;
  readonly control: string;
  readonly threads?: number;
  readonly store?: string;
  /** ms between two syncs to the store. */
  readonly syncInterval?: number;
  readonly defines?: Readonly<Record<string, string>>;
  readonly cpus?: string;
  readonly busyPoll?: boolean;
  /** More options of `hotclick run`. */
  readonly options?: readonly string[];
  /** Socket of a holder. */
  readonly holder?: string;
  /** Besides this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export class EngineProcess implements AsyncDisposable {
  readonly #control: string;
  #client: ControlClient;
  #pid: number;

  readonly #said: () => string;

  private constructor(
    pid: number,
    control: string,
    client: ControlClient,
    lines: Interface,
    said: () => string,
  ) {
    this.#pid = pid;
    this.#said = said;
    this.#control = control;
    this.#client = client;
    // Successors write to the same pipe.
    lines.on('line', (line) => {
      this.#pid = readyPid(line) ?? this.#pid;
    });
  }

  /** Follows the engine into other processes. */
  get client(): ControlClient {
    return this.#client;
  }

  /** To the process that runs the engine now, when the old one was killed before it could answer. */
  async reconnect(): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    this.#client = await ControlClient.connect(this.#control);
  }

  /** The last that was said on standard error. */
  get said(): string {
    return this.#said();
  }

  /** Of the process that runs the engine now. */
  get pid(): number {
    return this.#pid;
  }

  /** Starts the engine and waits until it forwards. @throws HotclickError HC_LAB with what it said when it ended */
  static async start(options: EngineProcessOptions): Promise<EngineProcess> {
    const [node = '', ...args] = engineCommand(options);
    const child = spawn(node, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4096);
    });
    const lines = createInterface({ input: child.stdout });
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (readyPid(line) !== undefined) resolve();
      });
    });
    const ended = once(child, 'exit').then(() => {
      throw new HotclickError('HC_LAB', `the engine ended before it ran: ${said.trim()}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => {});
    const { control } = options;
    return new EngineProcess(child.pid!, control, await ControlClient.connect(control), lines, () => said);
  }

  /** kill -9: nothing is written any more. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** A successor is no child of this process, so that nothing but its absence tells of its end. */
  async #end(signal: NodeJS.Signals): Promise<void> {
    if (runs(this.#pid)) process.kill(this.#pid, signal);
    while (runs(this.#pid)) await delay(2);
    await this.#client[Symbol.asyncDispose]().catch(() => {});
  }
}

function readyPid(line: string): number | undefined {
  return line.startsWith('{') && line.includes('"ready"')
    ? (JSON.parse(line) as { pid: number }).pid
    : undefined;
}

/** Whether there is such a process; one that has ended and was not waited for is none. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** The command that runs such an engine. */
export function engineCommand(options: EngineProcessOptions): string[] {
  return [process.execPath, ...program(), ...argumentsOf(options)];
}

/** The built command line, or its sources where only they are there. */
function program(): string[] {
  const built = join(packageRoot, 'dist', 'engine', 'cli', 'main.js');
  return existsSync(built) ? [built] : ['--import', 'tsx', join(packageRoot, 'engine', 'cli', 'main.ts')];
}

function argumentsOf({
  file,
  control,
  threads = 1,
  store,
  syncInterval,
  defines = {},
  cpus,
  busyPoll,
  options = [],
  holder,
}: EngineProcessOptions): string[] {
  return [
    ...['run', file, '--json', '--control', control, '--threads', `${threads}`],
    ...(store === undefined ? [] : ['--store', store]),
    ...(syncInterval === undefined ? [] : ['--sync', `${syncInterval}`]),
    ...(cpus === undefined ? [] : ['--cpus', cpus]),
    ...(busyPoll ? ['--busy-poll'] : []),
    ...(holder === undefined ? [] : ['--holder', holder]),
    ...Object.entries(defines).flatMap(([name, value]) => ['--define', `${name}=${value}`]),
    ...options,
  ];
}
