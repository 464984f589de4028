/** An engine in a process of its own, as an operator runs it: `hotclick run`, reached through its control socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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
  /** Besides this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export class EngineProcess implements AsyncDisposable {
  readonly client: ControlClient;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, client: ControlClient) {
    this.#child = child;
    this.client = client;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Starts the engine and waits until it forwards. @throws HotclickError HC_LAB with what it said when it ended */
  static async start(options: EngineProcessOptions): Promise<EngineProcess> {
    const child = spawn(process.execPath, [...program(), ...argumentsOf(options)], {
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
        if (line.includes('"ready"')) resolve();
      });
    });
    const ended = once(child, 'exit').then(() => {
      throw new HotclickError('HC_LAB', `the engine ended before it ran: ${said.trim()}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => {});
    return new EngineProcess(child, await ControlClient.connect(options.control));
  }

  /** kill -9: nothing is written any more. */
  async kill(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
    await this.client[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exit;
    await this.client[Symbol.asyncDispose]().catch(() => {});
  }
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
}: EngineProcessOptions): string[] {
  return [
    ...['run', file, '--json', '--control', control, '--threads', `${threads}`],
    ...(store === undefined ? [] : ['--store', store]),
    ...(syncInterval === undefined ? [] : ['--sync', `${syncInterval}`]),
    ...(cpus === undefined ? [] : ['--cpus', cpus]),
    ...(busyPoll ? ['--busy-poll'] : []),
    ...Object.entries(defines).flatMap(([name, value]) => ['--define', `${name}=${value}`]),
  ];
}
