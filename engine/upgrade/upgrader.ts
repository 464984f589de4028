/**
 * The upgrade transaction: plan, build, verify, prepare, roll shard by shard, commit. A change of a library, of several,
 * of the graph or of arguments is all the same thing: from the running revision to another design.
 *
 * Whatever fails before the first shard has rolled leaves the running revision untouched. Once everything is prepared
 * a roll has no step that can fail.
 */
import { callNative, type NativeEngine, type PrepareFailure } from '../datapath/addon.ts';
import type { PlannedAction, ShardBreak, Strategy, UpgradeOptions, UpgradeReport } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { configureFault } from '../graph/configure-fault.ts';
import { formatDiagnostic } from '../graph/diagnostics.ts';
import { diffGraphs } from '../graph/diff.ts';
import type { RevisionKind, RevisionRecord } from '../state/journal.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { Journal } from './memory-journal.ts';
import { graphPlan, plannedActions, type Revision, type RevisionDesign } from './revision.ts';
import { StepTimer } from './step-timer.ts';

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

/** What an upgrade needs of the native engine. */
export type UpgradableEngine = Pick<
  NativeEngine,
  'prepare' | 'discard' | 'roll' | 'settle' | 'states' | 'refreshObservers'
>;

export class Upgrader {
  readonly #engine: UpgradableEngine;
  readonly #shards: number;
  readonly #journal: Journal;
  readonly #shelf: Pick<LibraryShelf, 'keep' | 'unloadAllBut'>;
  /** By the native engine's number: what the shards run, or ran until a moment ago. */
  readonly #prepared = new Map<number, RevisionDesign>();
  readonly #closing = new AbortController();
  #running: Revision | undefined;
  #transaction: Promise<UpgradeReport> | undefined;

  constructor(
    engine: UpgradableEngine,
    shards: number,
    journal: Journal,
    shelf: Pick<LibraryShelf, 'keep' | 'unloadAllBut'>,
  ) {
    this.#engine = engine;
    this.#shards = shards;
    this.#journal = journal;
    this.#shelf = shelf;
  }

  /** The running revision; undefined until the first was rolled. */
  get running(): Revision | undefined {
    return this.#running;
  }

  /** What the native engine runs under a number that it gave for a prepared revision. */
  design(prepared: number): RevisionDesign | undefined {
    return this.#prepared.get(prepared);
  }

  /**
   * @throws HotclickError of the step that failed; HC_UPGRADE_BUSY while another upgrade is under way, HC_UPGRADE_FAILED
   * when the signal cancelled it
   */
  async run(request: UpgradeRequest): Promise<UpgradeReport> {
    if (this.#closing.signal.aborted) throw new HotclickError('HC_NO_ENGINE', 'the engine is stopping');
    if (this.#transaction) throw new HotclickError('HC_UPGRADE_BUSY', 'another upgrade is under way');
    const { signal } = this.#closing;
    const step = new StepTimer({
      what: request.kind === 'start' ? 'start' : 'upgrade',
      ...(request.onStep ? { onStep: request.onStep } : {}),
      signal: request.signal === undefined ? signal : AbortSignal.any([signal, request.signal]),
    });
    this.#transaction = this.#transact(request, step);
    try {
      return await this.#transaction;
    } catch (error) {
      throw step.cancellation ?? error;
    } finally {
      this.#transaction = undefined;
      this.#shelf.unloadAllBut(this.#running?.classes.values() ?? []);
    }
  }

  /** Cancels an upgrade that is under way, or waits until it is done when its shards roll already; no other begins. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the engine is stopping'));
    await this.#transaction?.catch(() => undefined);
  }

  async #transact(request: UpgradeRequest, step: StepTimer): Promise<UpgradeReport> {
    const strategy: Strategy = request.strategy ?? 'swap';
    const running = this.#running;
    step.begin('plan', `from revision ${running?.number ?? 0}`);
    await this.#untilConverted(step);
    const design = await request.design(running, step);
    const graphActions = diffGraphs(running?.graph ?? emptyGraph, design.graph, (className) => {
      const sha256 = design.classes.get(className)?.sha256;
      return sha256 === undefined || running?.classes.get(className)?.sha256 !== sha256;
    });
    const actions = plannedActions(graphActions, design, running);
    if (request.dryRun) {
      const revision = running?.number ?? 0;
      return { ...step.report(), revision, parent: revision, strategy, dryRun: true, actions, breaks: [] };
    }
    step.begin('prepare', `${actions.length} actions in ${this.#shards} shards`);
    const prepared = this.#prepare(graphPlan(design, running, graphActions), design);
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
    let record: RevisionRecord | undefined;
    try {
      for (const loaded of design.classes.values()) await this.#shelf.keep(loaded);
      record = await this.#journal.begin({
        kind: request.kind,
        graphText: design.graphText,
        graph: design.graph,
        libraries: Object.fromEntries(
          [...design.classes].map(([name, { version, sha256, installed }]) => [
            name,
            { version, sha256, ...(installed ? { installed } : {}) },
          ]),
        ),
        strategy,
        shards: this.#shards,
      });
      await this.#journal.step(record.revision, 'prepared');
      step.begin('roll', 'shard 0');
    } catch (error) {
      this.#engine.discard(prepared);
      if (record) await this.#giveUp(record, step.cancellation ?? error);
      throw error;
    }
    const { revision } = record;
    step.passPointOfNoReturn();
    this.#remember(prepared, design);
    const breaks: ShardBreak[] = [];
    for (let shard = 0; shard < this.#shards; ++shard) {
      if (shard > 0) step.begin('roll', `shard ${shard}`);
      // Fails only with the engine: then the next start ends what the journal has pending.
      breaks.push({ shard, breakNs: await this.#engine.roll(shard, prepared, strategy) });
      await this.#record(() => this.#journal.step(revision, `rolled:${shard}`));
    }
    this.#running = { ...design, number: revision };
    step.begin('commit', `revision ${revision}`);
    this.#engine.refreshObservers();
    // An engine that stops does not wait for removed elements to drain.
    while (!this.#engine.settle(prepared) && !this.#closing.signal.aborted) await pause(settleInterval);
    const report: RevisionReport = {
      breaks,
      timings: step.report().timings,
      ...(request.restores === undefined ? {} : { restores: request.restores }),
    };
    await this.#record(() => this.#journal.commit(revision, report));
    return {
      ...step.report(),
      revision,
      parent: running?.number ?? 0,
      strategy,
      dryRun: false,
      actions,
      breaks,
    };
  }

  /** A revision that was begun and refused: without this the journal would hold it pending, and no other could begin. */
  #giveUp({ revision }: RevisionRecord, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    return this.#record(() => this.#journal.fail(revision, reason));
  }

  /** Of the revisions before only the last can still be of interest: a sync may bring pages that it published. */
  #remember(prepared: number, design: RevisionDesign): void {
    const last = [...this.#prepared.keys()].at(-1);
    for (const number of this.#prepared.keys()) if (number !== last) this.#prepared.delete(number);
    this.#prepared.set(prepared, design);
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
  async #untilConverted(step: StepTimer): Promise<void> {
    const converting = () => {
      for (let shard = 0; shard < this.#shards; ++shard) {
        const state = this.#engine.states(shard).find((one) => one.converting);
        if (state) return state;
      }
      return undefined;
    };
    for (let state = converting(); state; state = converting()) {
      step.begin('plan', `waiting until ${state.element}/${state.state} is converted`);
      await pause(settleInterval);
    }
  }
}

/** ms between two looks at something that ends soon. */
const settleInterval = 5;

const emptyGraph = { elements: [], connections: [], requirements: [] };

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** The native message with the element's name and the place of the argument. */
function configureError(
  { element, message, argument }: PrepareFailure,
  { graph, checked }: RevisionDesign,
): HotclickError {
  const declared = graph.elements.find(({ name }) => name === element);
  const coded = /^(HC_[A-Z_]+): (.*)$/s.exec(message);
  const said = { message: coded?.[2] ?? message, argument };
  const fault = declared ? configureFault(declared, said) : said;
  return new HotclickError(
    (coded?.[1] as 'HC_STATE_SCHEMA' | undefined) ?? 'HC_CONFIGURE_FAILED',
    formatDiagnostic(fault, checked.sourceLine),
    { details: { element, argument, ...('position' in fault ? { position: fault.position } : {}) } },
  );
}
