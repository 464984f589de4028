/** What others know this process by: a pid file, and the service manager. Both follow the engine into other processes. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { HotclickError } from '../errors.ts';
import type { ServiceManager } from '../holder/service-manager.ts';

export class ProcessIdentity implements Disposable {
  readonly #pidFile: string | undefined;
  readonly #manager: ServiceManager | undefined;

  constructor(pidFile: string | undefined, manager: ServiceManager | undefined) {
    this.#pidFile = pidFile;
    this.#manager = manager;
  }

  /** The engine forwards. @throws HotclickError HC_ARGUMENT when the pid file cannot be written */
  ready(): void {
    if (this.#pidFile !== undefined) writePid(this.#pidFile);
    this.#manager?.notify({ READY: 1, MAINPID: process.pid });
  }

  succeededBy(pid: number): void {
    this.#manager?.notify({ MAINPID: pid });
  }

  stopping(): void {
    this.#manager?.notify({ STOPPING: 1 });
  }

  /** The pid file goes with the process that it names. */
  [Symbol.dispose](): void {
    if (this.#pidFile !== undefined && readPid(this.#pidFile) === process.pid)
      rmSync(this.#pidFile, { force: true });
  }
}

function writePid(file: string): void {
  try {
    // In one step: who reads it meanwhile sees the old number or the new one.
    writeFileSync(`${file}~`, `${process.pid}\n`);
    renameSync(`${file}~`, file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HotclickError('HC_ARGUMENT', `the pid file cannot be written: ${why}`, { cause });
  }
}

function readPid(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
