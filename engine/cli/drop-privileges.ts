/** Gives up root after the devices are open. */

import { execFile } from 'node:child_process';
import { accessSync, constants, lchownSync } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '../control/protocol.ts';
import { HotclickError } from '../errors.ts';
import type { TemporaryDirectory } from './temporary-directory.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** By name or number. @throws HotclickError HC_ARGUMENT when there is no such user, HC_PRIVILEGE without root. */
export async function findUser(name: string): Promise<User> {
  if (process.geteuid?.() !== 0) {
    throw new HotclickError('HC_PRIVILEGE', 'only root can become another user', {
      hint: 'start as root, or leave --user away',
    });
  }
  const account = await ask('getent', 'passwd', '--', name);
  const [login = '', , uid, gid] = account.split(':');
  const groups = (await ask('id', '-G', '--', login)).split(' ').map(Number);
  return { name: login, uid: Number(uid), gid: Number(gid), groups };

  async function ask(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(program, args).catch((cause: Error) => {
      throw new HotclickError('HC_ARGUMENT', `there is no user '${name}'`, {
        cause,
        hint: 'name a user of this machine with --user',
      });
    });
    return stdout.trim();
  }
}

/** What changes hands with the process. */
export interface Belongings {
  readonly temporary: TemporaryDirectory;
  readonly control: string | undefined;
  /** The user must be able to write it already: it may hold the state of other runs. */
  readonly store: string | undefined;
}

/**
 * Makes this process, with all its threads, one of `user`, for good. What it has open stays open.
 * @throws HotclickError HC_PRIVILEGE
 */
export function becomeUser(user: User, { temporary, control, store }: Belongings): void {
  try {
    temporary.giveTo(user);
    if (control !== undefined) lchownSync(control, user.uid, user.gid);
    process.setgroups?.(user.groups);
    process.setgid?.(user.gid);
    process.setuid?.(user.uid);
  } catch (cause) {
    throw new HotclickError('HC_PRIVILEGE', `cannot become ${user.name}: ${messageOf(cause)}`, { cause });
  }
  if (store === undefined) return;
  try {
    accessSync(store, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new HotclickError('HC_PRIVILEGE', `${user.name} may not write ${store}`, {
      cause,
      hint: `chown -R ${user.name} ${store}`,
    });
  }
}
