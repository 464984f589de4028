/**
 * The upgrade transaction: plan, build, verify, prepare, roll shard by shard, commit. A change of a library, of several,
 * of the graph or of arguments is all the same thing: from the running revision to another design.
 *
 * Whatever fails before the first shard has rolled leaves the running revision untouched. Once everything is prepared
 * a roll has no step that can fail.
 */
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import type { PlannedAction, ShardBreak, Strategy, UpgradeOptions, UpgradeReport } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { diffGraphs } from '../graph/diff.ts';
import type { RevisionKind, RevisionRecord } from '../state/journal.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { Journal } from './memory-journal.ts';
import { graphPlan, plannedActions, type Revision, type RevisionDesign } from './revision.ts';

/** What a journal record of ours says about the change. */
export interface RevisionReport {
  readonly breaks: readonly ShardBreak[];
  readonly timings: Readonly<Record<string, number>>;
  /** The revision that a rollback brought back. */
  readonly restores?: number;
}

export interface UpgradeRequest extends UpgradeOptions {
  readonly kind: RevisionKind;
  readonly restores?: number;
  /** Makes the design, given the running revision: builds, loads and checks. */
  readonly design: (running: Revision | undefined, step: StepTimer) => Promise<RevisionDesign>;
}

export class Upgrader {
  readonly #engine: NativeEngine;
  readonly #shards: number;
  readonly #journal: Journal;
  readonly #shelf: LibraryShelf;
  #running: Revision | undefined;
  #busy = false;

  constructor(engine: NativeEngine, shards: number, journal: Journal, shelf: LibraryShelf) {
    this.#engine = engine;
    this.#shards = shards;
    this.#journal = journal;
    this.#shelf = shelf;
  }

  /** The running revision; undefined until the first was rolled. */
  get running(): Revision | undefined {
    return this.#running;
  }

  /** @throws HotclickError of the step that failed; HC_UPGRADE_BUSY while another upgrade is under way */
  async run(request: UpgradeRequest): Promise<UpgradeReport> {
    if (this.#busy) throw new HotclickError('HC_UPGRADE_BUSY', 'another upgrade is under way');
    this.#busy = true;
    try {
      return await this.#transact(request);
    } finally {
      this.#busy = false;
    }
  }

  async #transact(request: UpgradeRequest): Promise<UpgradeReport> {
    const strategy: Strategy = request.strategy ?? 'swap';
    const running = this.#running;
    const step = new StepTimer(request);
    step.begin('plan', `from revision ${running?.number ?? 0}`);
    await this.#untilConverted(step, request);
    const design = await request.design(running, step);
    const keepsRunning = (sha256: string, className: string) =>
      running?.classes.get(className)?.sha256 === sha256;
    const discardNew = () => {
      for (const loaded of design.classes.values()) {
        if (running?.classes.get(loaded.className)?.library !== loaded.library)
          this.#shelf.unload(loaded.library);
      }
    };
    let prepared: number;
    let actions: PlannedAction[];
    try {
      const graphActions = diffGraphs(running?.graph ?? emptyGraph, design.graph, (className) => {
        const loaded = design.classes.get(className);
        return loaded === undefined || !keepsRunning(loaded.sha256, className);
      });
      actions = plannedActions(graphActions, design, running);
      if (request.dryRun) {
        discardNew();
        return {
          ...step.report(),
          revision: running?.number ?? 0,
          parent: running?.number ?? 0,
          strategy,
          dryRun: true,
          actions,
          breaks: [],
        };
      }
      request.signal?.throwIfAborted();
      step.begin('prepare', `${actions.length} actions in ${this.#shards} shards`);
      prepared = this.#prepare(graphPlan(design, running, graphActions), design);
    } catch (error) {
      discardNew();
      throw error;
    }
    return this.#roll(request, design, prepared, actions, strategy, step);
  }

  #prepare(plan: ReturnType<typeof graphPlan>, design: RevisionDesign): number {
    const result = callNative(() => this.#engine.prepare(plan));
    if (typeof result === 'number') return result;
    throw configureError(result, design);
  }

  async #roll(
    request: UpgradeRequest,
    design: RevisionDesign,
    prepared: number,
    actions: PlannedAction[],
    strategy: Strategy,
    step: StepTimer,
  ): Promise<UpgradeReport> {
    const running = this.#running;
    let record: RevisionRecord;
    try {
      for (const loaded of design.classes.values()) await this.#shelf.keep(loaded);
      record = await this.#journal.begin({
        kind: request.kind,
        graphText: design.graphText,
        graph: design.graph,
        libraries: Object.fromEntries(
          [...design.classes].map(([name, { version, sha256 }]) => [name, { version, sha256 }]),
        ),
        strategy,
        shards: this.#shards,
      });
      await this.#journal.step(record.revision, 'prepared');
    } catch (error) {
      this.#engine.discard(prepared);
      throw error;
    }
    const breaks: ShardBreak[] = [];
    for (let shard = 0; shard < this.#shards; ++shard) {
      step.begin('roll', `shard ${shard}`);
      breaks.push({ shard, breakNs: await this.#engine.roll(shard, prepared, strategy) });
      await this.#record(() => this.#journal.step(record.revision, `rolled:${shard}`));
    }
    this.#running = { ...design, number: record.revision };
    step.begin('commit', `revision ${record.revision}`);
    this.#engine.refreshObservers();
    while (!this.#engine.settle(prepared)) await pause(5);
    for (const old of running?.classes.values() ?? []) {
      if (design.classes.get(old.className)?.library !== old.library) this.#shelf.unload(old.library);
    }
    const report: RevisionReport = {
      breaks,
      timings: step.report().timings,
      ...(request.restores === undefined ? {} : { restores: request.restores }),
    };
    await this.#record(() => this.#journal.commit(record.revision, report));
    return {
      ...step.report(),
      revision: record.revision,
      parent: running?.number ?? 0,
      strategy,
      dryRun: false,
      actions,
      breaks,
    };
  }

  /** Once shards have rolled, the revision runs whether the journal can be written or not. */
  async #record(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof HotclickError) || error.code !== 'HC_STORE') throw error;
    }
  }

  /** A table converts to one layout at a time: waits for the conversion that the upgrade before began. */
  async #untilConverted(step: StepTimer, { signal }: UpgradeRequest): Promise<void> {
    const converting = () => {
      for (let shard = 0; shard < this.#shards; ++shard) {
        const state = this.#engine.states(shard).find((one) => one.converting);
        if (state) return state;
      }
      return undefined;
    };
    for (let state = converting(); state; state = converting()) {
      step.begin('plan', `waiting until ${state.element}/${state.state} is converted`);
      signal?.throwIfAborted();
      await pause(5);
    }
  }
}

/** Tells of steps as they begin and sums up what each took. */
export class StepTimer {
  readonly #timings: Record<string, number> = {};
  readonly #options: UpgradeOptions;
  #current: { step: string; since: number } | undefined;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }
  begin(step: string, detail: string): void {
    this.#end();
    this.#current = { step, since: performance.now() };
    this.#options.onStep?.({ step, detail });
  }
  report(): { timings: Record<string, number> } {
    this.#end();
    return { timings: { ...this.#timings } };
  }
  #end(): void {
    if (!this.#current) return;
    const { step, since } = this.#current;
    this.#timings[step] = (this.#timings[step] ?? 0) + performance.now() - since;
    this.#current = undefined;
  }
}

const emptyGraph = { elements: [], connections: [], requirements: [] };

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** The native message with the element's name and the place of the argument. */
function configureError(
  { element, message, argument }: { element: string; message: string; argument: number },
  { graph }: RevisionDesign,
): HotclickError {
  const declared = graph.elements.find(({ name }) => name === element);
  const position = declared?.argPositions[argument] ?? declared?.position;
  const coded = /^(HC_[A-Z_]+): (.*)$/s.exec(message);
  const place = position ? `${position.file}:${position.line}:${position.column}: ` : '';
  return new HotclickError(
    (coded?.[1] as 'HC_STATE_SCHEMA' | undefined) ?? 'HC_CONFIGURE_FAILED',
    `${place}While configuring '${element} :: ${declared?.className ?? '?'}': ${coded?.[2] ?? message}`,
    { details: { element, argument, ...(position ? { position } : {}) } },
  );
}
