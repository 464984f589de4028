/** The shadow step: the new version is given copies of live packets and of the state they meet, beside the running one. */
import { extname } from 'node:path';
import type { CopiedElement, CopiedState, RestoredTable } from '../../datapath/addon.ts';
import type { ShadowedElement, ShadowOptions, ShadowReport } from '../../engine-types.ts';
import { HotclickError } from '../../errors.ts';
import type { StateInfo } from '../../graph/element-class.ts';
import type { CheckedChange } from '../checks.ts';
import type { LibraryShelf, LoadedClass } from '../library-shelf.ts';
import type { StepTimer } from '../step-timer.ts';
import { parseRule } from './expect-rules.ts';
import { type MirroringEngine, mirrorPackets } from './mirror.ts';
import { ReplayProcess } from './replay-process.ts';
import { shadowRefusal } from './shadow-text.ts';
import { type ShadowSubject, shadowSubjects } from './subjects.ts';

const defaultTimeout = 10_000;
/** ms for one piece of the replay. */
const defaultLimit = 10_000;

export class Shadow {
  readonly #engine: MirroringEngine;
  readonly #shards: number;
  readonly #shelf: Pick<LibraryShelf, 'fileOf'>;

  constructor(engine: MirroringEngine, shards: number, shelf: Pick<LibraryShelf, 'fileOf'>) {
    this.#engine = engine;
    this.#shards = shards;
    this.#shelf = shelf;
  }

  /** @throws HotclickError HC_SHADOW_FAILED when more packets differ than the budget allows, or the new code crashed */
  async run(change: CheckedChange, step: StepTimer): Promise<ShadowReport | undefined> {
    const { shadow, verifyTimeout } = change.request;
    if (!shadow) return undefined;
    const rules = shadow.expect ?? [];
    for (const rule of rules) parseRule(rule);
    const subjects = shadowSubjects(change);
    const names = subjects.map(({ from }) => from);
    step.begin('shadow', `${shadow.packets} packets of ${names.join(', ') || 'nothing'}`);
    if (subjects.length === 0) return reportOf(shadow, [], 0, 0);
    const mirrored = await mirrorPackets(this.#engine, {
      shards: this.#shards,
      elements: names,
      packets: shadow.packets,
      timeout: shadow.timeout ?? defaultTimeout,
      signal: step.signal,
    });
    step.begin(
      'shadow',
      `replaying in ${subjects.map(({ to }) => `${to.className} ${to.version}`).join(', ')}`,
    );
    const results: ShadowedResult[] = [];
    using replay = new ReplayProcess({
      program: new URL(`./replay-program${extname(import.meta.filename)}`, import.meta.url),
      limit: verifyTimeout ?? defaultLimit,
      ...(step.signal ? { signal: step.signal } : {}),
    });
    for (const [i, subject] of subjects.entries()) {
      for (const [shard, state] of mirrored.states.entries()) {
        const copy = state.elements.find(({ element }) => element === subject.from);
        if (!copy) continue;
        const compared = { element: subject.element, className: subject.to.className, shard };
        const result = await replay.compare({
          subject: compared,
          tables: copy.tables,
          old: this.#replaySpec(subject, shard, state, copy),
          next: this.#harnessSpec(subject.to, subject.next),
          rules,
          packets: mirrored.packets[shard]![i]!,
        });
        results.push({ subject, result });
      }
    }
    const longest = Math.max(0, ...mirrored.states.map(({ longestNs }) => longestNs));
    const report = reportOf(shadow, results, mirrored.missed, longest);
    if (report.differences > (shadow.budget ?? 0)) throw shadowRefusal(report, shadow.budget ?? 0);
    return report;
  }

  #harnessSpec(loaded: LoadedClass, ports: ShadowSubject['old']) {
    return {
      library: this.#shelf.fileOf(loaded),
      className: loaded.className,
      ...(loaded.statics ? { staticsMode: loaded.statics } : {}),
      ...ports,
      idleDevices: true,
    };
  }

  #replaySpec(subject: ShadowSubject, index: number, state: CopiedState, copy: CopiedElement) {
    const { now, wallOffset, random } = state;
    const { className, elementClass } = subject.was;
    const info = (name: string): StateInfo => {
      const found = elementClass.states.find((one) => one.name === name);
      if (!found) throw new HotclickError('HC_INTERNAL', `${className} has no state '${name}'`);
      return found;
    };
    return {
      ...this.#harnessSpec(subject.was, subject.old),
      shard: { index, count: this.#shards, now, wallOffset, random },
      timers: copy.timers,
      statics: copy.statics.map(([name, bytes]) => {
        const { kind, schema } = info(name);
        return [`${kind === 'section' ? className : 'element'}/${name}`, schema, bytes] as const;
      }),
      // Their pages travel by themselves.
      tables: copy.tables.map(([name]): RestoredTable => {
        const { key, schema } = info(name);
        return [`element/${name}`, key!, schema, new Uint32Array(), []];
      }),
    };
  }
}

interface ShadowedResult {
  readonly subject: ShadowSubject;
  readonly result: Awaited<ReturnType<ReplayProcess['compare']>>;
}

const mostShown = 5;

function reportOf(
  { packets: asked }: ShadowOptions,
  results: readonly ShadowedResult[],
  missed: number,
  longestPauseNs: number,
): ShadowReport {
  const sum = (some: readonly ShadowedResult[], of: 'packets' | 'differences' | 'allowed') =>
    some.reduce((total, { result }) => total + result[of], 0);
  const subjects = [...new Set(results.map(({ subject }) => subject))];
  return {
    asked,
    packets: sum(results, 'packets'),
    differences: sum(results, 'differences'),
    allowed: sum(results, 'allowed'),
    missed,
    elements: subjects.map((subject): ShadowedElement => {
      const own = results.filter((one) => one.subject === subject);
      return {
        element: subject.element,
        className: subject.to.className,
        versions: { from: subject.was.version, to: subject.to.version },
        packets: sum(own, 'packets'),
        differences: sum(own, 'differences'),
        allowed: sum(own, 'allowed'),
      };
    }),
    first: results.flatMap(({ result }) => result.first).slice(0, mostShown),
    longestPauseNs,
  };
}
