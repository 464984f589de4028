/** Questions that the matrix does not answer, each with a file here. */
import type { Placement } from '../placement.ts';
import type { ResultLine } from '../result-file.ts';

export interface Experiment {
  readonly name: string;
  readonly summary: string;
  /** s, roughly. */
  readonly seconds: (runs: number) => number;
  /** Lines of the result, each with a field `experiment`. */
  run(setting: ExperimentSetting): AsyncGenerator<ResultLine, void, undefined>;
}

export interface ExperimentSetting {
  /** For its files; removed afterwards. */
  readonly directory: string;
  /** Upgrades of each row. */
  readonly runs: number;
  readonly settleMs: number;
  readonly trialMs: number;
  readonly placement: (shards: number) => Placement;
  readonly say: (text: string) => void;
}
