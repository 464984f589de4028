/** The shapes of watching an upgrade: what can be asked for, what the guards saw, and what a fault was. */

/** What is compared between the new version and the one before, each with what it does and its usual limit. */
export const guards = {
  drops: {
    what: 'share of packets dropped for one reason, beyond before and beyond the other shards',
    limit: 0.05,
  },
  throughput: {
    what: 'share of the packets per second that is missing, against before and the other shards',
    limit: 0.5,
  },
  latency: { what: 'time for a packet, as a multiple of before and of the other shards', limit: 3 },
  divergence: {
    what: 'share of packets that leave by another port or for another reason than in the other shards',
    limit: 0.2,
  },
} as const;

export type GuardName = keyof typeof guards;

export interface WatchOptions {
  /** Shards that are changed first, and watched before the others follow. */
  readonly canary?: number;
  /** Milliseconds for which guards watch what has changed; default 5000 with `canary`, otherwise 0. */
  readonly watch?: number;
  /** Limits by guard; 'off' switches one off. */
  readonly guards?: Readonly<Partial<Record<GuardName, number | 'off'>>>;
  /** Milliseconds that new code may compute in one round of a shard; default 100. */
  readonly loopLimit?: number;
}

/** One guard's value in one shard. */
export interface GuardReading {
  readonly guard: GuardName;
  readonly shard: number;
  readonly value: number;
  readonly limit: number;
  readonly tripped: boolean;
  /** What it is about: a drop reason, an output, … */
  readonly what?: string;
}

/** What a watch has seen. */
export interface WatchReport {
  readonly stage: 'canary' | 'all';
  readonly shards: readonly number[];
  readonly ms: number;
  /** The largest value of each guard; empty when too few packets came. */
  readonly readings: readonly GuardReading[];
}

/** What new code did that made the engine go back. */
export interface FaultReport {
  readonly shard: number;
  /** 'SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', or 'loop'. */
  readonly kind: string;
  /** That it touched; hexadecimal. */
  readonly address: string;
  /** '' when it is not known. */
  readonly element: string;
  readonly className: string;
  readonly version: string;
  /** From the function that crashed outwards. */
  readonly backtrace: readonly string[];
  /** ns until the shard handled packets again. */
  readonly recoveryNs: number;
  /** In the hands of the code that crashed; not given when it cannot be told. */
  readonly packetsLost?: number;
  /** The packet it was working on, when it is known. */
  readonly packet?: { readonly length: number; readonly head: string };
}
