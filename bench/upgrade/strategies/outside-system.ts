/**
 * A system that is no engine of ours: shell commands make it forward and change it. They run in the namespace of the
 * engine, or, when the system is behind adapters of this machine, where this program runs, so that they can reach it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { HotclickError } from '../../../engine/errors.ts';
import type { NetworkLab, NetworkLabOptions } from '../../lab/network-lab.ts';
import { ProcessMark } from '../../lab/process-mark.ts';
import { UdpStream } from '../../lab/udp-stream.ts';
import { untilFlowing } from '../flowing.ts';
import type { Change, RecordKeeper, Setup, System } from '../system.ts';
import { type Adapters, attachAdapters } from './adapters.ts';

/** Two devices in a namespace of their own, between client and server, that nobody has touched. */
export const untouchedDevices: NetworkLabOptions = {
  mode: 'bridge',
  engineNamespace: true,
  staticNeighbours: true,
  forwarding: 'nobody',
};

/** ms until it forwards. */
const patience = 60_000;
const lastWords = 4096;

export interface OutsideOptions {
  /** Makes it forward; may go on running. */
  readonly setup: string;
  readonly change: (number: number) => string;
  readonly records?: (shell: Shell) => RecordKeeper;
  /** Its memory is that of the processes that the setup has started; false for what lives in the kernel. */
  readonly inProcesses?: boolean;
  readonly adapters?: Adapters | undefined;
}

/** Runs a script to its end; its standard output. @throws HotclickError HC_LAB */
export type Shell = (script: string) => Promise<string>;

export class OutsideSystem implements System {
  readonly records?: RecordKeeper;
  readonly processes?: () => Promise<number[]>;
  readonly #lab: NetworkLab;
  readonly #mark = new ProcessMark();
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #change: (number: number) => string;
  readonly #adapters: Adapters | undefined;

  private constructor({ lab, directory }: Setup, options: OutsideOptions) {
    const { change, records, adapters, inProcesses = adapters === undefined } = options;
    this.#lab = lab;
    this.#change = change;
    this.#adapters = adapters;
    this.#env = {
      ...process.env,
      ...this.#mark.env,
      CLIENT_DEV: lab.engine.clientSide.device,
      SERVER_DEV: lab.engine.serverSide.device,
      DIRECTORY: directory,
    };
    if (records) this.records = records((script) => this.#run(script));
    if (inProcesses) this.processes = () => this.#mark.processes();
  }

  /** Returns when packets come through. @throws HotclickError HC_LAB */
  static async start(setup: Setup, options: OutsideOptions): Promise<OutsideSystem> {
    const system = new OutsideSystem(setup, options);
    try {
      if (options.adapters) await system.#run(attachAdapters(setup.lab, options.adapters));
      await system.#setUp(options.setup);
      return system;
    } catch (error) {
      await system[Symbol.asyncDispose]();
      throw error;
    }
  }

  async change(number: number): Promise<Change> {
    await this.#run(this.#change(number));
    return { breaks: [], timings: {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mark.end();
  }

  async #setUp(script: string): Promise<void> {
    const { child, ended } = this.#start(script);
    const failed = ended.then(({ status, said }) =>
      status === 0 ? new Promise<never>(() => {}) : Promise.reject(failure(script, status, said)),
    );
    await using stream = await UdpStream.start(this.#lab, { rate: 1000 });
    await Promise.race([untilFlowing(stream, patience), failed]);
    failed.catch(() => {});
    child.unref();
  }

  async #run(script: string): Promise<string> {
    const { ended } = this.#start(script);
    const { status, output, said } = await ended;
    if (status !== 0) throw failure(script, status, said);
    return output;
  }

  #start(script: string): { child: ChildProcess; ended: Promise<Ended> } {
    const shell = ['sh', '-e', '-c', script];
    const [program = '', ...args] = this.#adapters ? shell : this.#lab.commandLine('engine', shell);
    const child = spawn(program, args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-lastWords);
    });
    // Not 'close': what the script leaves running may keep its output open.
    const ended = once(child, 'exit').then(([status]) => ({ status: status as number | null, output, said }));
    return { child, ended };
  }
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
  readonly said: string;
}

function failure(script: string, status: number | null, said: string): HotclickError {
  return new HotclickError('HC_LAB', `${script.trim()}: exit status ${status}: ${said.trim()}`);
}
