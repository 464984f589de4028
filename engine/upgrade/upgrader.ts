/**
 * The upgrade transaction: plan, build, verify, shadow, prepare, canary, roll, watch, commit or rollback; each step is a
 * file beside this one. A change of a library, of several, of the graph or of arguments is all the same thing: from the
 * running revision to another design.
 *
 * Whatever fails before the first shard has rolled leaves the running revision untouched. From then on a shard goes back
 * by itself when new code crashes, and all others follow. See docs/design/upgrade-transaction.md.
 */
import type { NativeFault } from '../datapath/addon.ts';
import type { BreakPrediction, ShardBreak, Strategy, UpgradeReport } from '../engine-types.ts';
import { isOfProcesses } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { WatchReport } from '../watch-types.ts';
import { BreakHistory } from './break-history.ts';
import { isWatched, refuseUnwatchable, stagesOf } from './canary.ts';
import { checkChange, type UpgradeChecks } from './checks.ts';
import { commitChange } from './commit.ts';
import { FaultInbox } from './fault.ts';
import type { LibraryShelf } from './library-shelf.ts';
import type { Journal } from './memory-journal.ts';
import { librariesOf, type OlderVersion } from './older-versions.ts';
import { planChange } from './plan.ts';
import { predictBreaks, rememberBreaks } from './prediction.ts';
import { prepareChange, tryConfigure } from './prepare.ts';
import { endedVersions, removeVersions } from './retire.ts';
import type { Revision, RevisionDesign } from './revision.ts';
import { rollCore, rollShards } from './roll.ts';
import { StepTimer } from './step-timer.ts';
import { takeChangeBack } from './take-back.ts';
import {
  EngineEnded,
  type PlannedChange,
  type PreparedChange,
  recordIfPossible,
  type TransactionListener,
  type UpgradableEngine,
  type UpgradeRequest,
  type UpgradeTools,
} from './transaction.ts';
import { Watch } from './watch.ts';

/** Carries a planned change out by giving the engine to another process, which then runs it. */
export type HandOn = (
  change: PlannedChange,
  step: StepTimer,
) => Promise<Pick<UpgradeReport, 'revision' | 'breaks' | 'successor'>>;

/** What an upgrader can do without. */
export interface UpgraderParts {
  readonly checks?: UpgradeChecks;
  /** For strategy `core`. */
  readonly core?: UpgradeTools['core'];
  /** Of the breaks that predictions go by; default: none is kept. */
  readonly history?: BreakHistory;
}

export class Upgrader {
  #tools: UpgradeTools;
  readonly #shelf: Pick<LibraryShelf, 'unloadAllBut'>;
  readonly #checks: UpgradeChecks | undefined;
  readonly #history: BreakHistory;
  /** By the native engine's number: what the shards run, or ran until a moment ago. */
  readonly #prepared = new Map<number, RevisionDesign>();
  readonly #closing = new AbortController();
  #handOn: HandOn | undefined;
  readonly #faults = new FaultInbox();
  #listener: TransactionListener | undefined;
  #running: Revision | undefined;
  #transaction: Promise<UpgradeReport> | undefined;
  #retiring: Promise<void> | undefined;
  /** Told of older versions that do not run beside the newest any more. */
  onEnded: (versions: readonly OlderVersion[]) => Promise<void> = () => Promise.resolve();

  constructor(
    engine: UpgradableEngine,
    shards: number,
    journal: Journal,
    shelf: Pick<LibraryShelf, 'keep' | 'unloadAllBut'>,
    parts: UpgraderParts = {},
  ) {
    const { checks, core, history = new BreakHistory() } = parts;
    const { signal: closing } = this.#closing;
    const faults = this.#faults;
    this.#history = history;
    this.#tools = { engine, shards, journal, shelf, faults, closing, ...(core ? { core } : {}) };
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

  /** For a strategy that carries a change out elsewhere. */
  get tools(): UpgradeTools {
    return this.#tools;
  }

  useListener(listener: TransactionListener): void {
    this.#listener = listener;
  }

  /** Whether an upgrade, or the start, is under way. */
  get isBusy(): boolean {
    return this.#transaction !== undefined;
  }

  /** The running revision; undefined until the first was rolled. */
  get running(): Revision | undefined {
    return this.#running;
  }

  /** What the native engine runs under a number that it gave for a prepared revision. */
  design(prepared: number): RevisionDesign | undefined {
    return this.#prepared.get(prepared);
  }

  /** Told when a shard has gone back to the graph before because new code crashed. */
  hearFault(fault: NativeFault): void {
    this.#faults.hear(fault);
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
    this.#transaction = this.#afterRetiring(() => this.#transact(request, step));
    try {
      return await this.#transaction;
    } catch (error) {
      throw step.cancellation ?? error;
    } finally {
      this.#transaction = undefined;
      this.#checks?.end();
      this.#unload();
      this.#listener?.onEnded();
    }
  }

  /** Older versions whose flows have ended; none while an upgrade is under way, which looks itself. */
  ended(): readonly OlderVersion[] {
    if (!this.#running || this.#transaction || this.#closing.signal.aborted) return [];
    return endedVersions(this.#tools, this.#running);
  }

  /** Removes older versions whose flows have ended; does nothing while an upgrade is under way. */
  async retire(): Promise<void> {
    if (this.#transaction || this.#retiring || this.#closing.signal.aborted) return;
    this.#retiring = this.#removeEnded();
    try {
      await this.#retiring;
    } finally {
      this.#retiring = undefined;
      this.#unload();
      this.#listener?.onEnded();
    }
  }

  /** Cancels an upgrade that is under way, or waits until it is done when its shards roll already; no other begins. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the engine is stopping'));
    await this.#retiring?.catch(() => undefined);
    await this.#transaction?.catch(() => undefined);
  }

  async #afterRetiring<T>(act: () => Promise<T>): Promise<T> {
    await this.#retiring?.catch(() => undefined);
    return act();
  }

  async #removeEnded(): Promise<void> {
    const running = this.#running;
    const ended = this.ended();
    if (!running || ended.length === 0) return;
    const next = await removeVersions(this.#tools, running, ended, (prepared, design) => {
      this.#remember(prepared, design);
      this.#listener?.onPrepared();
    });
    await this.#becomes(next);
  }

  /** From now on `next` runs; older versions that it does not have are noted as ended. */
  async #becomes(next: Revision): Promise<void> {
    const before = this.#running;
    this.#running = next;
    const names = new Set(next.older.map(({ name }) => name));
    const ended = before?.older.filter(({ name }) => !names.has(name)) ?? [];
    if (!before || ended.length === 0) return;
    await this.onEnded(ended);
    for (const { name } of ended)
      await recordIfPossible(() => this.#tools.journal.noteEnd(before.number, name));
  }

  #unload(): void {
    this.#shelf.unloadAllBut(this.#running ? librariesOf(this.#running) : []);
  }

  async #transact(request: UpgradeRequest, step: StepTimer): Promise<UpgradeReport> {
    const handOn = isOfProcesses(request.strategy) ? this.#handOn : undefined;
    if (isOfProcesses(request.strategy) && !handOn) throw noProcess(request.strategy);
    refuseUnwatchable(request);
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
    const watch = new Watch(this.#tools, planned);
    try {
      await watch.prepare(step);
      const change = await prepareChange(this.#tools, planned, step);
      this.#listener?.onPrepared();
      if (!isWatched(request)) step.passPointOfNoReturn();
      this.#remember(change.prepared, change.design);
      const rolled = await this.#carryOut(change, watch, step);
      const becoming = this.#becomes({ ...change.design, number: change.revision });
      await commitChange(this.#tools, change, rolled.breaks, step);
      await becoming;
      if (planned.running) await rememberBreaks(this.#history, planned, rolled.breaks);
      const { revision, strategy, actions } = change;
      const parent = change.running?.number ?? 0;
      return { ...step.report(), revision, parent, strategy, dryRun: false, actions, ...rolled, ...found };
    } finally {
      watch.stop();
    }
  }

  /** @throws what made the shards go back, once all of them have */
  async #carryOut(
    change: PreparedChange,
    watch: Watch,
    step: StepTimer,
  ): Promise<Pick<UpgradeReport, 'breaks' | 'watches'>> {
    const { core } = this.#tools;
    if (change.strategy === 'core' && core) return { breaks: await rollCore(core, this.#tools, change) };
    const breaks: ShardBreak[] = [];
    const watches: WatchReport[] = [];
    this.#faults.clear();
    try {
      for (const stage of stagesOf(change.request, this.#tools.shards)) {
        breaks.push(...(await rollShards(this.#tools, change, stage.shards, step)));
        const seen = await watch.stage(stage, change.revision, step);
        if (seen) watches.push(seen);
      }
      step.passPointOfNoReturn();
      await watch.end();
      return { breaks, ...(watches.length > 0 ? { watches } : {}) };
    } catch (error) {
      if (error instanceof EngineEnded) throw error.cause;
      const end = await takeChangeBack(this.#tools, change, error, step);
      this.#prepared.delete(change.prepared);
      throw end;
    }
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
