/** A holder, seen from an engine or from the command line. Every call waits for its answer, for a second at most. */
import { closeSync } from 'node:fs';
import { addon, callNative } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import type { FileKeeper } from './file-keeper.ts';
import { type Answer, decodeAnswer, encodeRequest, type Operation } from './holder-protocol.ts';

/** ms; the holder does nothing else than this. */
const patience = 1000;
/** Files of one message. */
const mostFiles = 250;

export interface HolderStatus {
  readonly pid: number;
  /** The engine whose files it keeps; 0 when none runs. */
  readonly engine: number;
  readonly files: number;
}

export class HolderClient implements FileKeeper {
  readonly path: string;
  readonly #socket: number;

  private constructor(path: string, socket: number) {
    this.path = path;
    this.#socket = socket;
  }

  /** Undefined when no holder listens there. @throws HotclickError HC_HOLDER when what listens is another user's */
  static connect(path: string): HolderClient | undefined {
    let socket: number;
    try {
      socket = callNative(() => addon().connectMessages(path));
    } catch {
      return undefined;
    }
    const { uid } = addon().peerOf(socket);
    if (uid === process.geteuid?.() || uid === 0) return new HolderClient(path, socket);
    closeSync(socket);
    throw new HotclickError('HC_HOLDER', `what listens on ${path} belongs to another user (number ${uid})`);
  }

  own(from = 0): void {
    this.#ask('own', { count: from });
  }

  put(files: readonly number[]): void {
    for (let first = 0; first < files.length; first += mostFiles) {
      const part = files.slice(first, first + mostFiles);
      this.#send('put', { count: files.length, first }, part);
    }
    this.#receive([]);
  }

  take(): number[] {
    const files: number[] = [];
    this.#send('take', {});
    this.#receive(files);
    return files;
  }

  clear(): void {
    this.#ask('clear');
  }

  status(): HolderStatus {
    return JSON.parse(this.#ask('status').text) as HolderStatus;
  }

  /** Ends it, whatever it keeps. */
  stop(): void {
    this.#ask('stop');
  }

  close(): void {
    closeSync(this.#socket);
  }

  #ask(operation: Operation, header: { count?: number } = {}): Answer {
    this.#send(operation, header);
    return this.#receive([]);
  }

  #send(
    operation: Operation,
    { count, first }: { count?: number; first?: number },
    files: readonly number[] = [],
  ): void {
    this.#try(() =>
      addon().sendMessage(this.#socket, encodeRequest(operation, count, first), files, patience),
    );
  }

  /** Parts of a deposit go to `files`. */
  #receive(files: number[]): Answer {
    for (;;) {
      const message = this.#try(() => addon().receiveMessage(this.#socket, patience));
      const answer = message ? decodeAnswer(message.data) : undefined;
      files.push(...(message?.files ?? []));
      if (answer?.operation === 'part') continue;
      if (answer?.operation === 'done') return answer;
      for (const file of files.splice(0)) closeSync(file);
      throw new HotclickError('HC_HOLDER', `the holder on ${this.path}: ${answer?.text ?? 'it has ended'}`);
    }
  }

  #try<T>(call: () => T): T {
    try {
      return callNative(call);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new HotclickError('HC_HOLDER', `the holder on ${this.path}: ${why}`, { cause });
    }
  }
}
