/** Gives up root after the devices are open. */

import { execFile } from 'node:child_process';
import { accessSync, chownSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import { messageOf } from '../control/protocol.ts';
import { HotclickError } from '../errors.ts';

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

/**
 * Makes this process, with all its threads, one of `user`, for good. What it has open stays open.
 * @param paths files of this process that the user must own from now on.
 * @param directories that the user must be able to write.
 * @throws HotclickError HC_PRIVILEGE
 */
export function becomeUser(user: User, paths: readonly string[], directories: readonly string[]): void {
  try {
    for (const path of paths) chownSync(path, user.uid, user.gid);
    process.setgroups?.(user.groups);
    process.setgid?.(user.gid);
    process.setuid?.(user.uid);
  } catch (cause) {
    throw new HotclickError('HC_PRIVILEGE', `cannot become ${user.name}: ${messageOf(cause)}`, { cause });
  }
  for (const directory of directories) {
    try {
      accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new HotclickError('HC_PRIVILEGE', `${user.name} may not write ${directory}`, {
        cause,
        hint: `chown -R ${user.name} ${directory}`,
      });
    }
  }
}
