/** A child process in which code runs that may crash, hang or lie: one question at a time, each with a time limit. */
import { fileURLToPath } from 'node:url';
import { HotclickError } from '../errors.ts';
import { ChildChannel } from './child-channel.js';
import { Program } from './program.ts';

/** Why there is no answer. */
export interface ChildEnd {
  /** 'SIGSEGV', … when it crashed. */
  readonly signal?: string;
  /** ms after which it was given up. */
  readonly silentFor?: number;
  /** Its exit status when it ended by itself. */
  readonly status?: number;
  /** Last words on its standard error. */
  readonly said: string;
}

/** What happened, to be put after what it was doing. */
export function describeEnd({ signal, silentFor, status, said }: ChildEnd): string {
  const last = said.trim().split('\n').at(-1) ?? '';
  const words = last === '' ? '' : ` (${last})`;
  if (signal !== undefined) return `it was ended by ${signal}${words}`;
  if (silentFor !== undefined) return `it did not end within ${silentFor / 1000} s`;
  return `its process ended with status ${status ?? 'unknown'}${words}`;
}

export class ChildEnded extends Error {
  readonly end: ChildEnd;
  constructor(end: ChildEnd) {
    super(describeEnd(end));
    this.end = end;
  }
}

export interface ChildOptions {
  readonly program: URL;
  readonly args: readonly string[];
  /** For a program in TypeScript: with the loader that this process has. Otherwise without any. */
  readonly inheritsLoader?: boolean;
  readonly signal?: AbortSignal;
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const longestStart = 60_000;
const longestWords = 4096;
const longestLine = 256;

export class Child<Message extends object, Answer> implements Disposable {
  readonly #process: Program;
  readonly #channel: ChildChannel;
  readonly #signal: AbortSignal | undefined;
  #said = '';
  #progress = '';
  #ended: ChildEnd | undefined;
  #waiting: Waiting<Answer> | undefined;
  #becomeReady: () => void = () => {};
  /** When it has said so, or will never: the time it takes to start is not that of the first answer. */
  readonly #ready = new Promise<void>((resolve) => {
    this.#becomeReady = resolve;
  });

  /** @throws HotclickError HC_INTERNAL when it cannot be started */
  constructor({ program, args, inheritsLoader, signal }: ChildOptions) {
    this.#signal = signal;
    // Options of the parent (a debugger's, a test runner's) are not the child's; the loader of sources is.
    const loader = inheritsLoader ? process.execArgv.filter((_, i, all) => isLoader(all, i)) : [];
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#process = start([...loader, fileURLToPath(program), ...args], env);
    this.#process.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.#progress = (this.#progress + text).slice(-longestLine);
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-longestWords);
    });
    this.#channel = new ChildChannel(this.#process.channel!, (answer) => {
      if (answer === 'ready') this.#becomeReady();
      else this.#settle((waiting) => waiting.resolve(answer as Answer));
    });
    void this.#process.closed.then(({ status, signal: by }) => {
      const end = by === null ? { status: status ?? -1 } : { signal: by };
      this.#ended ??= { ...end, said: this.#said };
      this.#becomeReady();
      this.#settle((waiting) => waiting.reject(new ChildEnded(this.#ended!)));
    });
    const late = setTimeout(() => {
      this.#ended = { silentFor: longestStart, said: this.#said };
      this[Symbol.dispose]();
      this.#becomeReady();
    }, longestStart);
    void this.#ready.then(() => clearTimeout(late));
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** The last whole line that it wrote to standard output; '' when there is none. */
  get lastProgress(): string {
    return this.#progress.split('\n').at(-2) ?? '';
  }

  /** @throws ChildEnded when it ends, or takes longer than `limit` ms; the signal's reason when that says so */
  async ask(message: Message, limit: number): Promise<Answer> {
    await this.#ready;
    this.#signal?.throwIfAborted();
    if (this.#ended) throw new ChildEnded(this.#ended);
    if (this.#waiting) throw new HotclickError('HC_INTERNAL', 'the child process is busy');
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    const timer = setTimeout(() => {
      this.#settle((waiting) => waiting.reject(new ChildEnded({ silentFor: limit, said: this.#said })));
      this[Symbol.dispose]();
    }, limit);
    this.#channel.send(message);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#process.kill('SIGKILL');
  }

  readonly #abort = (): void => {
    this.#settle((waiting) => waiting.reject(this.#signal?.reason as Error));
    this[Symbol.dispose]();
    this.#becomeReady();
  };

  #settle(how: (waiting: Waiting<Answer>) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) how(waiting);
  }
}

/** This process's own program, also where its path is closed to the user it has become, or another version lies there. */
const thisProgram = '/proc/self/exe';

function start(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Program {
  try {
    return new Program(thisProgram, { args, env, withChannel: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HotclickError('HC_INTERNAL', `a child process cannot be used: ${reason}`, { cause });
  }
}

/** '--import tsx' and the like, as one word or two. */
function isLoader(args: readonly string[], index: number): boolean {
  const names = ['--import', '--require', '-r', '--loader'];
  const isName = (text: string | undefined) =>
    names.some((name) => text === name || text?.startsWith(`${name}=`));
  return isName(args[index]) || (isName(args[index - 1]) && !args[index - 1]!.includes('='));
}
