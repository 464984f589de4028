/** What the benchmark measures: something that forwards between the two sides of a laboratory, and how it is changed. */
import type { ShardBreak } from '../../engine/engine-types.ts';
import type { NetworkLab, NetworkLabOptions } from '../lab/network-lab.ts';
import type { DropCounters } from './attribution.ts';
import type { Placement } from './placement.ts';

/** One way to upgrade. Each has a file in strategies/. */
export interface UpgradeStrategy {
  readonly name: string;
  readonly summary: string;
  readonly lab: NetworkLabOptions;
  /** It is no strategy of the engine. */
  readonly fromOutside?: boolean;
  /** What is measured of it when the command line does not say: all of the matrix that is not narrowed here. */
  readonly usual?: UsualMatrix;
  /** s that one change takes, roughly: for the estimate of the duration. */
  readonly changeSeconds: number;
  /** The command that changes it may return before the outage that it makes; then that is waited for. */
  readonly outageComesLater?: boolean;
  /** Why it cannot be measured here; undefined when it can. */
  missing(): Promise<string | undefined>;
  start(setup: Setup): Promise<System>;
}

export interface UsualMatrix {
  readonly rates?: readonly number[];
  readonly records?: readonly number[];
  readonly shards?: readonly number[];
  readonly runs?: number;
}

export interface Setup {
  readonly lab: NetworkLab;
  /** For the system's files; removed afterwards. */
  readonly directory: string;
  readonly shards: number;
  readonly placement: Placement;
  readonly say: (text: string) => void;
}

/** It forwards from the moment it is there until it is disposed of. */
export interface System extends AsyncDisposable {
  /** Change number 0, 1, 2, …; resolves when the system says that it is done. */
  change(number: number): Promise<Change>;
  /** What it remembers of the packets that passed. */
  readonly records?: RecordKeeper;
  /** What the system itself has counted as dropped. */
  drops?(): Promise<Omit<DropCounters, 'devices'>>;
  /** Numbers of its processes, of which there may be more while it is changed. */
  processes?(): Promise<number[]>;
}

export interface Change {
  /** Empty when the system does not know. */
  readonly breaks: readonly ShardBreak[];
  /** Steps in their order, and ms. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface RecordKeeper {
  /** Makes it remember so many records; they are left alone from then on. */
  fill(records: number): Promise<void>;
  /** Each of those records: its key, and what an upgrade has to keep of it. */
  dump(records: number): Promise<Map<string, string>>;
  /** How many records of passing traffic have been begun so far. */
  begun?(): Promise<number>;
}
