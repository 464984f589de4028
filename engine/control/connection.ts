/** One client of the control socket: its requests that are under way, and what is written to it. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { EngineControl } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { LineReader } from './line-reader.ts';
import type { MethodContext } from './methods.ts';
import { methods } from './methods.ts';
import type { Request, RequestId, Response } from './protocol.ts';
import { encodeError, longestRequest, messageOf, mostRequests, parseRequest } from './protocol.ts';
import { integer, object, requestError, text } from './schema.ts';

export class Connection {
  readonly #socket: Socket;
  readonly #engine: EngineControl;
  readonly #running = new Map<RequestId, AbortController>();
  readonly #answers = new Set<Promise<void>>();

  constructor(socket: Socket, engine: EngineControl) {
    this.#socket = socket;
    this.#engine = engine;
    const reader = new LineReader({
      limit: longestRequest,
      onLine: (line) => this.#take(line),
      onTooLong: () => {
        const fault = requestError(
          `the request is longer than ${longestRequest} bytes`,
          'send less in one request; a long configuration can be split with require(library …)',
        );
        this.#write({ id: null, error: encodeError(fault) });
      },
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    // What is lost with a client that is gone is no fault of the engine.
    socket.on('error', () => {});
    socket.on('close', () => this.cancelAll());
  }

  cancelAll(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  /** Ends when every request has been answered and the answers are written, or when the signal says so. */
  async finish(signal: AbortSignal): Promise<void> {
    const impatience = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const closed = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      if (this.#socket.closed) resolve();
    });
    // The request that led here, if one did, is among the answers only when its handler has returned.
    await Promise.resolve();
    await Promise.race([Promise.all(this.#answers), impatience]);
    if (!signal.aborted) {
      // The client's own half need not end for this one to be done.
      this.#socket.end(() => this.#socket.destroy());
      await Promise.race([closed, impatience]);
    }
    this.#socket.destroy();
  }

  #take(line: string): void {
    const request = parseRequest(line);
    if ('fault' in request) {
      this.#write({ id: request.id, error: encodeError(request.fault) });
      return;
    }
    const answer = this.#answer(request).then((response) => {
      this.#write(response);
    });
    this.#answers.add(answer);
    void answer.finally(() => this.#answers.delete(answer));
  }

  /** Never rejects. */
  async #answer({ id, method, params }: Request): Promise<Response> {
    try {
      if (method === 'cancel') return { id, result: this.#cancel(params) };
      return { id, result: (await this.#run(id, method, params)) ?? null };
    } catch (error) {
      return { id, error: encodeError(error) };
    }
  }

  async #run(id: RequestId, name: string, params: unknown): Promise<unknown> {
    const method = methods.get(name);
    if (method === undefined) {
      throw requestError(
        `no method is called '${name}'`,
        `methods: ${[...methods.keys(), 'cancel'].join(', ')}`,
      );
    }
    if (this.#running.has(id)) throw requestError(`a request with the id ${JSON.stringify(id)} is under way`);
    if (this.#running.size >= mostRequests) {
      throw requestError(`more than ${mostRequests} requests are under way`, 'wait for an answer');
    }
    const controller = new AbortController();
    this.#running.set(id, controller);
    const context: MethodContext = {
      engine: this.#engine,
      signal: controller.signal,
      send: (event) => this.#send({ id, event }, controller.signal),
    };
    try {
      return await method(params, context);
    } finally {
      this.#running.delete(id);
    }
  }

  #cancel(params: unknown): { cancelled: boolean } {
    const { id } = object({ id: requestId })(params, 'params');
    const controller = this.#running.get(id);
    controller?.abort();
    return { cancelled: controller !== undefined };
  }

  /** A client that does not read makes its own stream wait, nothing else. */
  async #send(response: Response, signal: AbortSignal): Promise<void> {
    if (this.#write(response) || signal.aborted) return;
    await once(this.#socket, 'drain', { signal }).catch(() => {});
  }

  /** False when the line has to wait in memory. */
  #write(response: Response): boolean {
    if (!this.#socket.writable) return true;
    return this.#socket.write(`${encode(response)}\n`);
  }
}

function requestId(value: unknown, at: string): RequestId {
  return typeof value === 'number'
    ? integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })(value, at)
    : text({ min: 0 })(value, at);
}

function encode(response: Response): string {
  try {
    return JSON.stringify(response);
  } catch (cause) {
    const fault = new HotclickError(
      'HC_INTERNAL',
      `the answer cannot be written as JSON: ${messageOf(cause)}`,
      {
        cause,
      },
    );
    return JSON.stringify({ id: response.id, error: encodeError(fault) });
  }
}
