/** The client's end of a control connection: requests go out, answers find the request they belong to. */

import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createConnection } from 'node:net';
import { HotclickError } from '../errors.ts';
import { LineReader } from './line-reader.ts';
import { decodeError, messageOf, parseResponse } from './protocol.ts';
import { refuseLongPath } from './socket-file.ts';

export interface RequestOptions {
  /** Cancels the request; it still ends by its answer. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: unknown) => void) | undefined;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: HotclickError) => void;
  readonly onEvent: ((event: unknown) => void) | undefined;
}

export class RequestChannel {
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    const reader = new LineReader({
      limit: Number.POSITIVE_INFINITY,
      onLine: (line) => this.#take(line),
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#failAll(
          new HotclickError('HC_NO_ENGINE', `the engine on ${path} closed the connection before it answered`),
        );
        resolve();
      });
    });
  }

  static async open(path: string): Promise<RequestChannel> {
    refuseLongPath(path);
    await refuseForeignSocket(path);
    const socket = createConnection(path);
    try {
      await once(socket, 'connect');
    } catch (cause) {
      throw connectError(path, cause as NodeJS.ErrnoException);
    }
    return new RequestChannel(socket, path);
  }

  /** Parameters that are undefined are left out. Rejects with the HotclickError the engine answered. */
  request<T>(method: string, params: Record<string, unknown> = {}, options: RequestOptions = {}): Promise<T> {
    const { signal, onEvent } = options;
    if (!this.#socket.writable) {
      const fault = new HotclickError(
        'HC_NO_ENGINE',
        `the connection to the engine on ${this.#path} is closed`,
      );
      return Promise.reject(fault);
    }
    this.#lastId += 1;
    const id = this.#lastId;
    const cancel = () => {
      if (this.#pending.has(id)) this.#post('cancel', { id });
    };
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onEvent });
    });
    this.#send(id, method, params);
    if (signal?.aborted) cancel();
    else signal?.addEventListener('abort', cancel, { once: true });
    return answer.finally(() => signal?.removeEventListener('abort', cancel)) as Promise<T>;
  }

  async close(): Promise<void> {
    this.#socket.end();
    this.#socket.destroy();
    await this.closed;
  }

  /** A request whose answer does not matter. */
  #post(method: string, params: Record<string, unknown>): void {
    this.#lastId += 1;
    this.#send(this.#lastId, method, params);
  }

  #send(id: number, method: string, params: Record<string, unknown>): void {
    this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
  }

  #take(line: string): void {
    const response = parseResponse(line);
    if (response === undefined) {
      this.#failAll(
        new HotclickError(
          'HC_NO_ENGINE',
          `what listens on ${this.#path} does not speak hotclick's protocol`,
          {
            hint: 'name the socket of an engine with --control',
          },
        ),
      );
      this.#socket.destroy();
      return;
    }
    if (response.id === null) {
      // An answer without an id is about a line that could not be read: ours, and nobody knows which.
      if ('error' in response) this.#failAll(decodeError(response.error));
      return;
    }
    const pending = this.#pending.get(response.id as number);
    if ('event' in response) {
      pending?.onEvent?.(response.event);
      return;
    }
    this.#pending.delete(response.id as number);
    if ('error' in response) pending?.reject(decodeError(response.error));
    else pending?.resolve(response.result);
  }

  #failAll(error: HotclickError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** In a directory that all may write to, somebody else could have put a socket where an engine is expected. */
async function refuseForeignSocket(path: string): Promise<void> {
  const owner = (await stat(path).catch(() => undefined))?.uid;
  const user = process.geteuid?.();
  if (owner !== undefined && user !== 0 && owner !== 0 && owner !== user) {
    throw new HotclickError('HC_PRIVILEGE', `the socket ${path} belongs to another user (number ${owner})`, {
      hint: 'run as the user who started the engine',
    });
  }
}

function connectError(path: string, cause: NodeJS.ErrnoException): HotclickError {
  switch (cause.code) {
    case 'ENOENT':
      return new HotclickError('HC_NO_ENGINE', `no engine runs here: ${path} does not exist`, { cause });
    case 'ECONNREFUSED':
      return new HotclickError('HC_NO_ENGINE', `nobody listens on ${path}: its engine has died`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new HotclickError('HC_PRIVILEGE', `the socket ${path} may not be opened by this user`, {
        cause,
        hint: 'run as root or as the user who started the engine',
      });
    default:
      return new HotclickError('HC_NO_ENGINE', `cannot connect to ${path}: ${messageOf(cause)}`, { cause });
  }
}
