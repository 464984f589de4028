/** The step of an upgrade in which the changed shards are watched: for faults always, by guards when it was asked for. */
import { HotclickError } from '../errors.ts';
import type { GuardReading, WatchReport } from '../watch-types.ts';
import { isWatched, type Stage, stagesOf } from './canary.ts';
import { CodeFault, throwFault } from './fault.ts';
import { FlowMeter } from './flow-meter.ts';
import { judge, type ShardFlow } from './guards.ts';
import { isNewVersion } from './older-versions.ts';
import type { StepTimer } from './step-timer.ts';
import { type PlannedChange, recordIfPossible, type UpgradeTools } from './transaction.ts';

/** ms for which the guards measure before anything is changed, at most. */
const longestBaseline = 1000;
/** ms between two looks at the guards. */
const lookInterval = 100;
/** Rates mean nothing in a shorter time. */
const shortestJudged = 500;
/** Without a watch: rounds with packets that every shard is looked after, and ms that they are waited for. */
const firstBatches = { rounds: 64, ms: 20 };

/** Watches stage by stage; made before the first shard changes. */
export class Watch {
  readonly #tools: UpgradeTools;
  readonly #change: PlannedChange;
  readonly #meter: FlowMeter | undefined;
  #before: readonly ShardFlow[] = [];

  constructor(tools: UpgradeTools, change: PlannedChange) {
    this.#tools = tools;
    this.#change = change;
    const changed = change.actions.filter((action) => isNewVersion(action) || action.kind === 'start');
    if (change.running && isWatched(change.request)) {
      const elements = changed.map(({ element }) => element);
      this.#meter = new FlowMeter(tools.engine, tools.shards, elements);
    }
  }

  /** Measures how it was. */
  async prepare(step: StepTimer): Promise<void> {
    if (!this.#meter) return;
    const [{ watch } = { watch: 0 }] = stagesOf(this.#change.request, this.#tools.shards);
    step.begin('watch', 'measuring how it was before');
    await this.#meter.begin();
    await this.#tools.faults.wait(Math.min(watch, longestBaseline), step.signal);
    this.#before = this.#meter.flows();
  }

  /** @throws CodeFault, HotclickError HC_UPGRADE_GUARD, or HC_UPGRADE_FAILED when it was cancelled meanwhile */
  async stage(stage: Stage, revision: number, step: StepTimer): Promise<WatchReport | undefined> {
    const { journal } = this.#tools;
    if (!this.#meter) return this.#watchFirstBatches();
    step.begin(
      stage.name === 'canary' ? 'canary' : 'watch',
      `shards ${stage.changed.join(', ')} for ${stage.watch / 1000} s`,
    );
    await this.#meter.begin();
    const meter = this.#meter;
    const { guards } = this.#change.request;
    const began = performance.now();
    let readings: GuardReading[] = [];
    await this.#pass(stage.watch, step, (passed) => {
      if (passed < Math.min(shortestJudged, stage.watch)) return;
      readings = judge(this.#before, meter.flows(), stage.changed, guards);
      const tripped = readings.find((reading) => reading.tripped);
      if (tripped) throw guardError(tripped, readings, this.#change.running?.number ?? 0);
    });
    const name = stage.name === 'canary' ? 'watched:canary' : 'watched';
    await recordIfPossible(() => journal.step(revision, name));
    const ms = Math.round(performance.now() - began);
    return { stage: stage.name, shards: stage.changed, ms, readings: worstOf(readings) };
  }

  /** From now on a crash is a crash. @throws CodeFault when a shard has gone back at the last moment */
  async end(): Promise<void> {
    const { engine, shards } = this.#tools;
    if (!this.#change.running) return;
    for (let shard = 0; shard < shards; ++shard) {
      if (!(await engine.endWatch(shard))) throw new CodeFault('a shard has gone back');
    }
    for (let shard = 0; shard < shards; ++shard) await engine.keep(shard);
  }

  /** Whatever became of it. */
  stop(): void {
    this.#meter?.stop();
  }

  async #watchFirstBatches(): Promise<undefined> {
    const { engine, shards, faults } = this.#tools;
    if (!this.#change.running) return;
    const loads = Array.from({ length: shards }, (_, shard) => engine.shardLoad(shard));
    const began = performance.now();
    for (;;) {
      throwFault(this.#tools);
      const late = performance.now() - began > firstBatches.ms;
      const waits = loads.some((then, shard) => {
        const now = engine.shardLoad(shard);
        // A shard that has not moved at all may hang in the new code: that is for the loop limit to say.
        return (
          now.rounds === then.rounds || (!late && now.busyRounds < then.busyRounds + firstBatches.rounds)
        );
      });
      if (!waits || this.#tools.closing.aborted) return;
      await faults.wait(1);
    }
  }

  async #pass(ms: number, step: StepTimer, look: (passed: number) => void): Promise<void> {
    const began = performance.now();
    let passed = 0;
    while (passed < ms) {
      await this.#tools.faults.wait(Math.min(lookInterval, ms - passed), step.signal);
      throwFault(this.#tools);
      if (step.cancellation) throw step.cancellation;
      passed = performance.now() - began;
      look(passed); // the last look is one at the end
    }
  }
}

function guardError(tripped: GuardReading, readings: readonly GuardReading[], again: number): HotclickError {
  const { guard, shard, value, limit, what } = tripped;
  const about = what === undefined ? '' : ` (${what})`;
  return new HotclickError(
    'HC_UPGRADE_GUARD',
    `guard ${guard} tripped in shard ${shard}: ${value.toFixed(3)}${about} where ${limit} is allowed; every shard runs ` +
      `revision ${again} again`,
    { details: { guard: tripped, readings } },
  );
}

/** Of each guard the largest value. */
function worstOf(readings: readonly GuardReading[]): GuardReading[] {
  const worst = new Map<string, GuardReading>();
  for (const reading of readings) {
    const known = worst.get(reading.guard);
    if (!known || reading.value > known.value) worst.set(reading.guard, reading);
  }
  return [...worst.values()];
}
