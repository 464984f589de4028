/** The engine that is soaked: what it runs, what it has run, and its process, which may be another one at any time. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOfProcesses, type UpgradeOptions, type UpgradeReport } from '../../engine/engine-types.ts';
import { HolderClient } from '../../engine/holder/holder-client.ts';
import type { StateRow, TableContents } from '../../engine/state/query.ts';
import { EngineProcess, type EngineProcessOptions } from '../lab/engine-process.ts';
import type { NetworkLab } from '../lab/network-lab.ts';
import type { Capture } from './captures.ts';
import { clickText, firstGraph, type GraphChoice } from './configuration.ts';
import type { CaptureCounts } from './model/capture-model.ts';

const shards = 2;
/** More records than the soak ever has. */
const mostRows = 100_000;

export class EngineUnderSoak implements AsyncDisposable {
  readonly #options: EngineProcessOptions;
  readonly #devices: { readonly client: string; readonly server: string };
  readonly #captures: readonly Capture[];
  #process: EngineProcess;
  /** The graph of each revision. */
  readonly #graphs = new Map<number, GraphChoice>([[1, firstGraph()]]);
  #revision = 1;

  private constructor(
    options: EngineProcessOptions,
    devices: { readonly client: string; readonly server: string },
    captures: readonly Capture[],
    process: EngineProcess,
  ) {
    this.#options = options;
    this.#devices = devices;
    this.#captures = captures;
    this.#process = process;
  }

  static async start(
    lab: NetworkLab,
    captures: readonly Capture[],
    directory: string,
  ): Promise<EngineUnderSoak> {
    const { clientSide, serverSide } = lab.engine;
    const devices = { client: clientSide.device, server: serverSide.device };
    const file = join(directory, 'soak.click');
    await writeFile(file, clickText(firstGraph(), devices, captures[0]!.file));
    const options = {
      file,
      control: join(directory, 'control.sock'),
      store: join(directory, 'store'),
      holder: join(directory, 'holder.sock'),
      threads: shards,
    };
    return new EngineUnderSoak(options, devices, captures, await EngineProcess.start(options));
  }

  get pid(): number {
    return this.#process.pid;
  }
  get graph(): GraphChoice {
    return this.#graphs.get(this.#revision)!;
  }
  get capture(): Capture {
    return this.#captures[this.graph.capture]!;
  }

  async upgrade(libraries: Readonly<Record<string, string>>, options: UpgradeOptions): Promise<void> {
    this.#changed(await this.#process.client.upgrade(libraries, options), this.graph);
    if (isOfProcesses(options.strategy)) await this.#process.reconnect();
  }

  async apply(graph: GraphChoice, options: UpgradeOptions): Promise<void> {
    const text = clickText(graph, this.#devices, this.#captures[graph.capture]!.file);
    this.#changed(await this.#process.client.apply(text, options), graph);
  }

  /** To the revision before this one, or to one before that. */
  async rollback(back: number, options: UpgradeOptions): Promise<boolean> {
    const known = [...this.#graphs.keys()];
    const to = known.at(-1 - back);
    if (to === undefined) return false;
    const graph = this.#graphs.get(to)!;
    this.#changed(await this.#process.client.rollback({ ...options, revision: to }), graph);
    return true;
  }

  /** kill -9, and the start of another process, as by a supervisor. */
  async kill(): Promise<void> {
    await this.#process.kill();
    this.#process = await EngineProcess.start(this.#options);
  }

  async records(table: string): Promise<readonly StateRow[]> {
    const contents = await this.#process.client.stateGet(table, { limit: mostRows });
    return (contents as TableContents).rows;
  }

  /** Of the firewall that captures go through. */
  async captureCounts(): Promise<CaptureCounts> {
    const read = async (path: string) => Number(await this.#process.client.read(path));
    return {
      read: await read('read.count'),
      allowed: await read('replayed.allowed'),
      denied: await read('replayed.denied'),
    };
  }

  /** Whether this revision's capture has been read to its end. */
  async captureEnded(): Promise<boolean> {
    return (await this.#process.client.read('capture.active')) === 'false';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    HolderClient.connect(this.#options.holder!)?.stop();
  }

  #changed({ revision }: UpgradeReport, graph: GraphChoice): void {
    this.#revision = revision;
    this.#graphs.set(revision, graph);
    // The engine keeps its latest revisions; older ones are not gone back to here.
    const oldest = [...this.#graphs.keys()].at(-8);
    for (const known of this.#graphs.keys())
      if (oldest !== undefined && known < oldest) this.#graphs.delete(known);
  }
}
