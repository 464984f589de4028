/** What one combination measured. */
import type { UdpStreamSummary } from '../lab/udp-stream.ts';
import type { DropCounters } from './attribution.ts';
import type { Combination } from './matrix.ts';
import type { MemoryUse } from './memory-meter.ts';
import type { RecordComparison } from './record-comparison.ts';

/** One upgrade. */
export interface UpgradeRun {
  /** Name of its interval of the stream. */
  readonly interval: string;
  /** µs in which each shard handled no packet; empty when the system does not know. */
  readonly breaksUs: readonly number[];
  /** ms until the system said that it was done. */
  readonly totalMs: number;
  /** Drops counted while it lasted. */
  readonly counted: DropCounters;
  /** The sink had no room, so the run says nothing about loss and was done again. */
  readonly repeated: boolean;
}

export interface Measurement {
  readonly combination: Combination;
  /** Packets/s of the stream: what is lost without a change at the wanted rate is not the change's. */
  readonly heldRate: number;
  readonly runs: readonly UpgradeRun[];
  readonly stream: UdpStreamSummary;
  readonly connections: {
    readonly all: number;
    readonly complete: number;
    readonly corrupted: number;
    /** Longest time in which any of them got nothing, ms. */
    readonly longestStallMs: number;
    /** TCP segments sent again. */
    readonly retransmits: number;
  };
  /** Undefined when the table was not filled. */
  readonly records?: RecordComparison;
  /** Connections of passing traffic that were begun during the upgrades although they had been known. */
  readonly begunAgain: number;
  /** Of a change of its own, after the others; undefined when the system's processes are not known. */
  readonly memory?: MemoryUse;
  /** Load of the machine (processes that want to run) in the minute before the end. */
  readonly load: number;
}

export const baselineInterval = 'baseline';

/** Name of the short interval between a run and the next. */
export function intervalAfter(run: string): string {
  return `after ${run}`;
}
