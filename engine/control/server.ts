/** The control socket of a running engine. */

import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { EngineControl } from '../engine-types.ts';
import { Connection } from './connection.ts';
import { defaultControlPath } from './control-path.ts';
import { claimSocketPath, listenPrivately, type SocketFile } from './socket-file.ts';

/** How long requests under way may take to end when the server closes. */
const patience = 2000;

export class ControlServer implements AsyncDisposable {
  readonly path: string;
  readonly #server: Server;
  readonly #connections: Set<Connection>;
  readonly #file: SocketFile;
  #closing: Promise<void> | undefined;

  private constructor(path: string, server: Server, connections: Set<Connection>, file: SocketFile) {
    this.path = path;
    this.#server = server;
    this.#connections = connections;
    this.#file = file;
  }

  /**
   * Answers requests for `engine` on a Unix socket that only the same user (and root) can open. The socket of an
   * engine that died is replaced; with `replace` that of a living one too, whose clients stay with it.
   * @throws HotclickError HC_CONTROL_SOCKET when a living engine listens there or the socket cannot be made.
   */
  static async listen(
    engine: EngineControl,
    path: string = defaultControlPath(),
    { replace = false } = {},
  ): Promise<ControlServer> {
    if (!replace) await claimSocketPath(path);
    const connections = new Set<Connection>();
    const server = createServer((socket: Socket) => {
      const connection = new Connection(socket, engine);
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
    });
    const file = await listenPrivately(server, path);
    // A client that cannot be accepted (too many open files) is no reason to stop.
    server.on('error', () => {});
    return new ControlServer(path, server, connections, file);
  }

  /** Cancels what is under way, answers it, closes all connections and removes the socket, unless it was replaced. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    // First: whoever waits for the end of its connection may look for the socket next.
    await this.#file.remove();
    const impatience = AbortSignal.timeout(patience);
    await Promise.all(
      [...this.#connections].map((connection) => {
        connection.cancelAll();
        return connection.finish(impatience);
      }),
    );
    await closed;
  }
}
