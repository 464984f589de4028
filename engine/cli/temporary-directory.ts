/** A directory of its own for the temporary files of this process, so that all of them can change hands with it. */

import { lchownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class TemporaryDirectory implements Disposable {
  readonly path: string;

  /** From now on what this process makes in the directory for temporary files, and in its cache, is in here. */
  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'hotclick-run-'));
    process.env.TMPDIR = this.path;
    process.env.XDG_CACHE_HOME = this.path;
  }

  /** The directory and all that is in it. */
  giveTo({ uid, gid }: { readonly uid: number; readonly gid: number }): void {
    for (const name of readdirSync(this.path, { recursive: true, encoding: 'utf8' })) {
      lchownSync(join(this.path, name), uid, gid);
    }
    lchownSync(this.path, uid, gid);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
