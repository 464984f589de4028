/** The file of a control socket: whether somebody listens on it, and making it so that only its owner can connect. */

import { lstat, rename, rm, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { createConnection } from 'node:net';
import { HotclickError } from '../errors.ts';
import { messageOf } from './protocol.ts';

/** Bytes of sockaddr_un.sun_path, unix(7), without its end and the mark of a new socket. Node cuts longer paths silently. */
const longestPath = 106;

/** What the name of a socket ends with until it takes its place. */
const newMark = '~';

export interface SocketFile {
  /** Unless another process's socket has its place. */
  remove(): Promise<void>;
}

/**
 * Removes the socket of an engine that died.
 * @throws HotclickError HC_CONTROL_SOCKET when an engine listens there, or the path is something else.
 */
export async function claimSocketPath(path: string): Promise<void> {
  refuseLongPath(path);
  const file = await lstat(path).catch(() => undefined);
  if (file === undefined) return;
  if (!file.isSocket()) {
    throw new HotclickError('HC_CONTROL_SOCKET', `${path} is there already and is no socket`);
  }
  if (await isAnswered(path)) {
    throw new HotclickError('HC_CONTROL_SOCKET', `an engine already listens on ${path}`, {
      hint: 'stop it with `hotclick stop`, or give this one another path with --control',
    });
  }
  await unlink(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw socketError(`cannot remove the old socket ${path}`, cause);
  });
}

/**
 * Binds and listens; the file is never open to other users, not even for a moment. A socket that is there is replaced in
 * one step: no client finds none. (Node removes the name it has bound when the server closes; here that is the name before
 * the renaming.)
 */
export async function listenPrivately(server: Server, path: string): Promise<SocketFile> {
  const fresh = `${path}${newMark}`;
  await rm(fresh, { force: true });
  await bindPrivately(server, fresh, path);
  const { ino, dev } = await lstat(fresh);
  await rename(fresh, path);
  return {
    remove: async () => {
      const now = await lstat(path).catch(() => undefined);
      if (now?.ino !== ino || now.dev !== dev) return;
      // One that gave up root may not be allowed to; the next engine finds out that nobody listens.
      await unlink(path).catch(() => {});
    },
  };
}

function bindPrivately(server: Server, fresh: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => reject(socketError(`cannot listen on ${path}`, cause));
    server.once('error', fail);
    server.once('listening', () => {
      server.off('error', fail);
      resolve();
    });
    // The socket is bound within the call, so the mask holds for this one file.
    const mask = process.umask(0o177);
    try {
      server.listen(fresh);
    } finally {
      process.umask(mask);
    }
  });
}

export function refuseLongPath(path: string): void {
  if (path === '' || Buffer.byteLength(path) > longestPath || path.includes('\0')) {
    throw new HotclickError(
      'HC_ARGUMENT',
      `'${path}' cannot be the path of a socket: it must have 1 to ${longestPath} bytes`,
    );
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT') resolve(false);
      else if (cause.code === 'EAGAIN') resolve(true);
      else reject(socketError(`cannot tell whether an engine listens on ${path}`, cause));
    });
  });
}

function socketError(what: string, cause: Error): HotclickError {
  return new HotclickError('HC_CONTROL_SOCKET', `${what}: ${messageOf(cause)}`, { cause });
}
