/** The break that a plan expects in each shard, from a model fitted to earlier upgrades on this machine. */
import { type BreakPrediction, isOfProcesses, type ShardBreak, type Strategy } from '../engine-types.ts';
import type { BreakHistory } from './break-history.ts';
import { type BreakParts, fitBreaks } from './break-model.ts';
import type { PlannedChange } from './transaction.ts';

/** Before there is a history: orders of magnitude of what the benchmarks measured (bench/README.md). */
const priors: Partial<Record<Strategy, BreakParts>> = {
  core: { base: 2e5, first: 5e4, element: 2000, byte: 0.5 },
};
const inPlace: BreakParts = { base: 1500, first: 500, element: 60, byte: 0.5 };
const ofProcesses: BreakParts = { base: 1.5e8, first: 1e6, element: 1e5, byte: 1 };

function priorOf(strategy: Strategy): BreakParts {
  return priors[strategy] ?? (isOfProcesses(strategy) ? ofProcesses : inPlace);
}

export async function predictBreaks(
  history: BreakHistory,
  change: PlannedChange,
  shards: number,
): Promise<BreakPrediction> {
  const records = await history.list(change.strategy);
  const observations = records.flatMap(({ elements, bytes, breaks }) =>
    breaks.map((breakNs, place) => ({ elements, bytes, first: place === 0, breakNs })),
  );
  const model = fitBreaks(priorOf(change.strategy), observations);
  const size = sizeOf(change);
  return {
    shards: Array.from({ length: shards }, (_, shard) => {
      const features = { ...size, first: shard === 0 };
      return {
        shard,
        breakNs: Math.round(model.expect(features)),
        limitNs: Math.round(model.limit(features)),
      };
    }),
    basis: records.length > 0 ? 'history' : 'prior',
    upgrades: records.length,
  };
}

/** After it: what was measured belongs to the history. */
export async function rememberBreaks(
  history: BreakHistory,
  change: PlannedChange,
  breaks: readonly ShardBreak[],
): Promise<void> {
  const measured = breaks.map(({ breakNs }) => breakNs).filter((ns) => ns > 0);
  if (measured.length === 0) return;
  await history.add({ strategy: change.strategy, ...sizeOf(change), breaks: measured });
}

function sizeOf({ actions }: PlannedChange): { elements: number; bytes: number } {
  const changed = actions.filter(({ kind }) => kind !== 'keep');
  // Tables convert after the break; what is mapped or adopted is not touched in it.
  const inBreak = changed.flatMap(({ states }) =>
    states.filter(({ kind, how }) => kind !== 'table' && (how === 'converted' || how === 'copied')),
  );
  return { elements: changed.length, bytes: inBreak.reduce((total, { bytes }) => total + bytes, 0) };
}
