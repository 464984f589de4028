/**
 * Strategy `core`: another copy of the datapath core takes the running one over, within the process. The new engine is
 * made and its graph prepared beside the running one; then all shards of that stop at a batch boundary and those of the
 * new one go on, in threads of their own (docs/design/transfer.md).
 */
import type { NativeOptions, PrepareFailure } from '../datapath/addon.ts';
import { callNative, fromNative } from '../datapath/addon.ts';
import { addonPath } from '../datapath/paths.ts';
import type { ReplaceableEngine, Successor } from '../datapath/replaceable-engine.ts';
import { createControlPages, ShardThreads } from '../datapath/shard-threads.ts';
import type { ShardBreak } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { CoreShelf, type DatapathCore } from './core-shelf.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { StepTimer } from './step-timer.ts';
import type { PlannedChange } from './transaction.ts';
import { Trial } from './verify/trial.ts';

/** What engines of the same process have in common. */
export type CommonOptions = Omit<NativeOptions, 'control' | 'transfer'> & {
  readonly cpus: readonly number[];
};

interface Prepared {
  readonly core: DatapathCore;
  readonly successor: Successor;
  readonly threads: ShardThreads;
  /** Own number of the revision. */
  readonly revision: number;
}

/** ms that the shards of the running core stand still at most before they go on by themselves. */
const patience = 2000;

export class CoreReplacement {
  readonly #engine: ReplaceableEngine;
  readonly #threads: ShardThreads;
  readonly #shelf: LibraryShelf;
  readonly #common: CommonOptions;
  readonly #cores: CoreShelf;
  #prepared: Prepared | undefined;

  constructor(engine: ReplaceableEngine, threads: ShardThreads, shelf: LibraryShelf, common: CommonOptions) {
    this.#engine = engine;
    this.#threads = threads;
    this.#shelf = shelf;
    this.#common = common;
    this.#cores = new CoreShelf(shelf.directory);
  }

  /**
   * Everything that takes time. The number of the prepared revision, or what is wrong with the graph.
   * @throws HotclickError HC_LIBRARY, HC_VERIFY_FAILED, HC_TRANSFER; the running core was not touched
   */
  async prepare(change: PlannedChange, step: StepTimer): Promise<number | PrepareFailure> {
    const { core: path, verifyTimeout, kind } = change.request;
    if (kind === 'apply')
      throw new HotclickError('HC_ARGUMENT', 'strategy core replaces the core under the graph that runs');
    const kept = await this.#cores.keep(path ?? addonPath());
    step.begin('verify', `core ${kept.sha256.slice(0, 12)} in a child process`);
    const refusal = await this.#try(kept.file, change, { limit: verifyTimeout, signal: step.signal });
    if (refusal) return refusal;
    step.begin('prepare', `core ${kept.sha256.slice(0, 12)} beside the running one`);
    const core = await this.#cores.load(kept);
    const control = createControlPages(this.#common.shards);
    const transfer = { ...callNative(() => this.#engine.exportState()), crashed: false };
    const native = callNative(() => new core.addon.Engine({ ...this.#common, control, transfer }));
    const threads = new ShardThreads(control);
    try {
      const successor = callNative(() => this.#engine.prepareSuccessor(native, change.plan));
      if (!('native' in successor)) {
        native.close();
        return successor;
      }
      await threads.start(native, this.#common.shards, this.#common.cpus, core.file);
      const revision = this.#engine.reserveRevision();
      this.#prepared = { core, successor, threads, revision };
      return revision;
    } catch (error) {
      await threads.stop(native);
      native.close();
      throw error;
    }
  }

  /** The gap. @throws HotclickError HC_TRANSFER when the running core goes on */
  async roll(): Promise<ShardBreak[]> {
    const { core, successor, threads, revision } = this.#prepared!;
    const { native } = successor;
    const shards = [...Array(this.#common.shards).keys()];
    const taken = Promise.all(shards.map((shard) => native.takeOver(shard, successor.revision)));
    taken.catch(() => {}); // it may fail before anybody waits for it: then handOut says why
    const change = async () => {
      // Whoever gives up first ends it for both.
      await this.#engine.handOut(patience).catch((error: unknown) => {
        native.stopWaiting();
        throw fromNative(error);
      });
      await taken;
    };
    const before = await this.#engine.replace(successor, revision, change).catch(async (error: unknown) => {
      await taken.catch(() => undefined);
      throw error;
    });
    this.#prepared = undefined;
    this.#cores.nowRuns(core);
    await this.#threads.succeed(threads, before);
    before.close();
    return (await taken).map(({ beginNs, breakNs }, shard) => ({ shard, beginNs, breakNs }));
  }

  /** Instead of roll(), or after it failed. */
  async abandon(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (!prepared) return;
    await prepared.threads.stop(prepared.successor.native);
    prepared.successor.native.close();
  }

  close(): void {
    this.#cores.close();
  }

  /** Loads the core in a child process and makes the graph there, on devices that do nothing. */
  async #try(
    file: string,
    { plan, design }: PlannedChange,
    limits: { limit: number | undefined; signal: AbortSignal | undefined },
  ): Promise<PrepareFailure | null> {
    const trial = new Trial(file);
    try {
      const classes = [...design.classes.values()];
      const { refusal } = await trial.ask(
        'prepare',
        {
          shards: this.#common.shards,
          files: classes.map((loaded) => this.#shelf.fileOf(loaded)),
          statics: classes.map(({ statics }) => statics ?? 'mapped'),
          nodes: plan.nodes.map((node) => ({
            ...node,
            library: classes.findIndex(({ className }) => className === node.className),
            predecessor: '',
            keep: false,
          })),
          edges: plan.edges,
        },
        'loading the core and making the graph in it',
        limits,
      );
      return refusal;
    } finally {
      trial.end();
    }
  }
}
