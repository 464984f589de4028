/**
 * Copies of the datapath core. A core is the addon; a copy loaded from another path is a core of its own, with its own
 * code and data. Node cannot unload an addon, so what was replaced stays mapped, without threads or state. It is used again
 * when a core with the same content is asked for: the process keeps at most two copies of each content.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Addon, addon } from '../datapath/addon.ts';
import { addonPath } from '../datapath/paths.ts';
import { HotclickError } from '../errors.ts';

export interface DatapathCore {
  readonly addon: Addon;
  /** What it was loaded from. */
  readonly file: string;
  readonly sha256: string;
}

export class CoreShelf {
  readonly #directory: string;
  readonly #copies: DatapathCore[] = [];
  /** Of the core that the process began with: its file may be another by the time that somebody asks. */
  #first: number | undefined;
  #running: DatapathCore | undefined;

  /** `directory` is private to the process. */
  constructor(directory: string) {
    this.#directory = directory;
    this.#first = openSync(addonPath(), 'r');
  }

  /** The core that runs. */
  async running(): Promise<DatapathCore> {
    if (this.#running) return this.#running;
    const content = await readFile(`/proc/self/fd/${this.#first}`);
    const first = { addon: addon(), file: addonPath(), sha256: hashOf(content) };
    await writeFile(this.#copyOf(first.sha256), content, { mode: 0o600 });
    this.#copies.push(first);
    this.#running = first;
    return first;
  }

  /** A file with the content of a core that ran here, or of `path`. @throws HotclickError HC_LIBRARY when it cannot be read */
  async keep(path: string): Promise<{ readonly file: string; readonly sha256: string }> {
    const content = await readFile(path).catch((cause: Error) => {
      throw new HotclickError('HC_LIBRARY', `the core ${path} cannot be read: ${cause.message}`, { cause });
    });
    const sha256 = hashOf(content);
    await writeFile(this.#copyOf(sha256), content, { mode: 0o600 });
    return { file: this.#copyOf(sha256), sha256 };
  }
  /**
   * Loads what keep() kept: a copy that does not run. What it is must have been tried in another process before.
   * @throws HotclickError HC_LIBRARY, HC_TRANSFER when it speaks another format
   */
  async load({ file, sha256 }: { readonly file: string; readonly sha256: string }): Promise<DatapathCore> {
    const running = await this.running();
    const idle = this.#copies.find((copy) => copy.sha256 === sha256 && copy !== running);
    if (idle) return idle;
    const path = join(this.#directory, `core-${this.#copies.length}.node`);
    await writeFile(path, await readFile(file), { mode: 0o600 });
    const loaded = loadAddon(path);
    const { abi, transferFormat } = running.addon;
    if (loaded.transferFormat !== transferFormat) {
      throw new HotclickError(
        'HC_TRANSFER',
        `the core takes over descriptions of format ${loaded.transferFormat}, and this one writes ${transferFormat}`,
        { hint: 'replace the process instead: --strategy restart' },
      );
    }
    if (loaded.abi !== abi) {
      throw new HotclickError(
        'HC_TRANSFER',
        `the core is for elements of ABI ${loaded.abi}, and those that run have ABI ${abi}`,
        { hint: 'replace the process instead: --strategy restart' },
      );
    }
    const core = { addon: loaded, file: path, sha256 };
    this.#copies.push(core);
    return core;
  }

  nowRuns(core: DatapathCore): void {
    this.#running = core;
  }

  close(): void {
    if (this.#first !== undefined) closeSync(this.#first);
    this.#first = undefined;
  }

  #copyOf(sha256: string): string {
    return join(this.#directory, `${sha256}.core.node`);
  }
}

function loadAddon(path: string): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new HotclickError('HC_LIBRARY', `the core cannot be loaded: ${message}`, { cause });
  }
}

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
