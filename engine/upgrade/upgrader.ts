/**
 * The upgrade transaction: plan, build, verify, prepare, roll, commit; each step is a file beside this one. A change of a
 * library, of several, of the graph or of arguments is all the same thing: from the running revision to another design.
 *
 * Whatever fails before the first shard has rolled leaves the running revision untouched. Once everything is prepared
 * a roll has no step that can fail.
 */
import type { BreakPrediction, Strategy, UpgradeReport } from '../engine-types.ts';
import { isOfProcesses } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { BreakHistory } from './break-history.ts';
import { checkChange, type UpgradeChecks } from './checks.ts';
import { commitChange } from './commit.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { Journal } from './memory-journal.ts';
import { planChange } from './plan.ts';
import { predictBreaks, rememberBreaks } from './prediction.ts';
import { prepareChange, tryConfigure } from './prepare.ts';
import type { Revision, RevisionDesign } from './revision.ts';
import { rollShards } from './roll.ts';
import { StepTimer } from './step-timer.ts';
import type { PlannedChange, UpgradableEngine, UpgradeRequest, UpgradeTools } from './transaction.ts';

/** Carries a planned change out by giving the engine to another process, which then runs it. */
export type HandOn = (
  change: PlannedChange,
  step: StepTimer,
) => Promise<Pick<UpgradeReport, 'revision' | 'breaks' | 'successor'>>;

export class Upgrader {
  #tools: UpgradeTools;
  readonly #shelf: Pick<LibraryShelf, 'unloadAllBut'>;
  readonly #checks: UpgradeChecks | undefined;
  readonly #history: BreakHistory;
  /** By the native engine's number: what the shards run, or ran until a moment ago. */
  readonly #prepared = new Map<number, RevisionDesign>();
  readonly #closing = new AbortController();
  #handOn: HandOn | undefined;
  #running: Revision | undefined;
  #transaction: Promise<UpgradeReport> | undefined;

  constructor(
    engine: UpgradableEngine,
    shards: number,
    journal: Journal,
    shelf: Pick<LibraryShelf, 'keep' | 'unloadAllBut'>,
    checks?: UpgradeChecks,
    core?: UpgradeTools['core'],
    history = new BreakHistory(),
  ) {
    this.#history = history;
    const { signal: closing } = this.#closing;
    this.#tools = { engine, shards, journal, shelf, closing, ...(core ? { core } : {}) };
    this.#shelf = shelf;
    this.#checks = checks;
  }

  /** From now on revisions are recorded there. */
  useJournal(journal: Journal): void {
    this.#tools = { ...this.#tools, journal };
  }

  /** From now on strategies that replace the process can be asked for. */
  useProcess(handOn: HandOn): void {
    this.#handOn = handOn;
  }

  /** Aborts when the engine stops. */
  get closing(): AbortSignal {
    return this.#closing.signal;
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
      this.#checks?.end();
      this.#shelf.unloadAllBut(this.#running?.classes.values() ?? []);
    }
  }

  /** Cancels an upgrade that is under way, or waits until it is done when its shards roll already; no other begins. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the engine is stopping'));
    await this.#transaction?.catch(() => undefined);
  }

  async #transact(request: UpgradeRequest, step: StepTimer): Promise<UpgradeReport> {
    const handOn = isOfProcesses(request.strategy) ? this.#handOn : undefined;
    if (isOfProcesses(request.strategy) && !handOn) throw noProcess(request.strategy);
    const planned = await planChange(this.#tools, request, this.#running, step);
    const checked = await checkChange(this.#checks, planned, step);
    const predicted = planned.running ? { prediction: await this.#predict(planned) } : {};
    const statics = planned.statics.length > 0 ? { statics: planned.statics } : {};
    const found = { ...checked, ...statics, ...predicted };
    if (request.dryRun) {
      tryConfigure(this.#tools, planned, step);
      return { ...dryRunReport(planned, step), ...found };
    }
    if (handOn) return { ...(await this.#changeProcess(planned, handOn, step)), ...found };
    const change = await prepareChange(this.#tools, planned, step);
    step.passPointOfNoReturn();
    this.#remember(change.prepared, change.design);
    const breaks = await rollShards(this.#tools, change, step);
    this.#running = { ...change.design, number: change.revision };
    await commitChange(this.#tools, change, breaks, step);
    if (planned.running) await rememberBreaks(this.#history, planned, breaks);
    const { revision, strategy, actions } = change;
    const parent = change.running?.number ?? 0;
    return { ...step.report(), revision, parent, strategy, dryRun: false, actions, breaks, ...found };
  }

  #predict(planned: PlannedChange): Promise<BreakPrediction> {
    return predictBreaks(this.#history, planned, this.#tools.shards);
  }

  async #changeProcess(planned: PlannedChange, handOn: HandOn, step: StepTimer): Promise<UpgradeReport> {
    const { strategy, actions, running } = planned;
    const handed = await handOn(planned, step);
    await rememberBreaks(this.#history, planned, handed.breaks);
    return {
      ...step.report(),
      ...handed,
      parent: running?.number ?? 0,
      strategy,
      dryRun: false,
      actions,
    };
  }

  /** Of the revisions before only the last can still be of interest: a sync may bring pages that it published. */
  #remember(prepared: number, design: RevisionDesign): void {
    const last = [...this.#prepared.keys()].at(-1);
    for (const number of this.#prepared.keys()) if (number !== last) this.#prepared.delete(number);
    this.#prepared.set(prepared, design);
  }
}

function dryRunReport({ running, strategy, actions }: PlannedChange, step: StepTimer): UpgradeReport {
  const revision = running?.number ?? 0;
  return { ...step.report(), revision, parent: revision, strategy, dryRun: true, actions, breaks: [] };
}

function noProcess(strategy: Strategy): HotclickError {
  return new HotclickError(
    'HC_ARGUMENT',
    `the strategy ${strategy} replaces the process, and this engine was not told how to start another`,
    { hint: 'run it with `hotclick run`, or give Engine.start the option `host`' },
  );
}
