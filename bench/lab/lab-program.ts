import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { HotclickError } from '../../engine/errors.ts';
import type { LabPlace, NetworkLab } from './network-lab.ts';

interface Waiter<Message> {
  readonly kind: string;
  resolve(message: Message): void;
  reject(error: unknown): void;
}

/**
 * A Node program of this folder, or at a URL without its ending, that runs in a namespace and is spoken to over IPC. Messages of the kind `report`
 * answer commands, in their order; of the kind `failure` end the conversation; all others announce a state that, once
 * reached, stays.
 */
export class LabProgram<Command extends string, Message extends { readonly kind: string }> {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #reached = new Map<string, Message>();
  readonly #waiting = new Set<Waiter<Message>>();
  readonly #ended: Promise<void>;
  #failure: HotclickError | undefined;

  constructor(lab: NetworkLab, place: LabPlace, name: string | URL, settings: object) {
    this.#name = `${name}`.replace(/^.*\//, '');
    // The sources run through tsx, the built package without it.
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const loader = extension === '.ts' ? ['--import', import.meta.resolve('tsx')] : [];
    const program = fileURLToPath(
      new URL(`${name instanceof URL ? name : `./${name}`}${extension}`, import.meta.url),
    );
    const argv = [process.execPath, ...loader, program, JSON.stringify(settings)];
    this.#process = lab.spawn(place, argv, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#process.on('message', (message) => this.#receive(message as Message));
    const stderr = readAll(this.#process.stderr).catch(() => '');
    this.#ended = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#fail(reason);
        resolve();
      };
      this.#process.once('error', (error) => end(error.message));
      // Not 'close': Node does not emit it once this side has disconnected. Standard error ends with the program.
      this.#process.once('exit', async (status, signal) =>
        end((await stderr) || `ended (${signal ?? status})`),
      );
    });
  }

  /** Waits until the program has announced a state. Rejects with `HC_LAB` when it ends, fails or takes too long. */
  reached(kind: Message['kind'], timeoutMs: number, signal?: AbortSignal): Promise<Message> {
    const message = this.#reached.get(kind);
    return message === undefined ? this.#wait(kind, timeoutMs, signal) : Promise.resolve(message);
  }

  /** Sends a command and resolves with the report that answers it. */
  ask<Report extends Message>(command: Command, timeoutMs: number): Promise<Report> {
    // The failure to send is told by the event of the program's end.
    this.#process.send?.(command, () => {});
    return this.#wait('report', timeoutMs) as Promise<Report>;
  }

  /** Ends the program and waits for its end. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect();
    const patience = setTimeout(() => this.#process.kill('SIGKILL'), 2000);
    await this.#ended.finally(() => clearTimeout(patience));
  }

  #wait(kind: string, timeoutMs: number, signal?: AbortSignal): Promise<Message> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    return new Promise<Message>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter<Message> = {
        kind,
        resolve: (message) => {
          settle();
          resolve(message);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const abort = () => waiter.reject(signal?.reason);
      const late = () => new HotclickError('HC_LAB', `${this.#name}: no '${kind}' within ${timeoutMs} ms`);
      const timer = setTimeout(() => waiter.reject(late()), timeoutMs);
      signal?.addEventListener('abort', abort);
      this.#waiting.add(waiter);
    });
  }

  #receive(message: Message): void {
    if (message.kind === 'failure') {
      this.#fail((message as unknown as { message: string }).message);
      return;
    }
    const waiters = [...this.#waiting].filter(({ kind }) => kind === message.kind);
    if (message.kind === 'report') {
      waiters[0]?.resolve(message);
      return;
    }
    this.#reached.set(message.kind, message);
    for (const waiter of waiters) waiter.resolve(message);
  }

  #fail(reason: string): void {
    this.#failure ??= new HotclickError('HC_LAB', `${this.#name}: ${reason}`);
    for (const waiter of [...this.#waiting]) waiter.reject(this.#failure);
  }
}

async function readAll(stream: Readable | null): Promise<string> {
  return stream === null ? '' : (await text(stream)).trim();
}
