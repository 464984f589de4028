/**
 * Finds the processes of a measured system, also those that outlived their parents: all that inherited a variable from
 * the first of them.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

const variable = 'HOTCLICK_LAB_SYSTEM';

export class ProcessMark {
  /** To be added to the environment of the first process. */
  readonly env: Readonly<Record<string, string>> = { [variable]: randomUUID() };

  /** Numbers of the processes that live. */
  async processes(): Promise<number[]> {
    const wanted = `${variable}=${this.env[variable]}`;
    const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const marked = await Promise.all(
      numbers.map(async (name) => {
        // It may end meanwhile.
        const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
        return environment.split('\0').includes(wanted) ? [Number(name)] : [];
      }),
    );
    return marked.flat();
  }

  /** Ends what is left of them. */
  async end(): Promise<void> {
    for (const pid of await this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in between.
      }
    }
  }
}
