/** What is asked of the child process in which new code is tried, and what it answers. */
import type {
  GraphPlan,
  HarnessSpec,
  NativeHarness,
  PrepareFailure,
  StatePointer,
} from '../../datapath/addon.ts';
import type { StaticsMode } from '../../engine-types.ts';

/** One call of a harness: the method and its arguments. */
export type BenchStep = {
  [K in keyof NativeHarness]: readonly [K, ...Parameters<NativeHarness[K]>];
}[keyof NativeHarness];

export interface TrialRequests {
  /** What a library says about itself, as JSON. */
  describe: { request: { file: string; statics: StaticsMode }; answer: string };
  /**
   * Whether all elements of a graph can be configured and initialised, on devices that do nothing, and the addresses that
   * they then have in their state. `library` of a node is the index of its file; `statics`: for each file, about its
   * undeclared statics.
   */
  prepare: {
    request: {
      shards: number;
      files: readonly string[];
      statics: readonly StaticsMode[];
    } & GraphPlan;
    answer: { refusal: PrepareFailure | null; pointers: readonly StatePointer[] };
  };
  /** Makes one element and calls its harness step by step; the results in the same order. */
  steps: { request: { spec: HarnessSpec; steps: readonly BenchStep[] }; answer: unknown[] };
}

export interface TrialMessage {
  readonly kind: keyof TrialRequests;
  readonly request: unknown;
}

export type TrialAnswer =
  | { readonly answer: unknown }
  | { readonly error: { readonly code?: string; readonly message: string } };
