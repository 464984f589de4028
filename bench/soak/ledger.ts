/** Everything that was lost, doubled or out of order, with its cause; and everything that must not have been. */
import type { SinkInterval } from '../lab/udp-sink.ts';

export interface Loss {
  /** What was going on: 'upgrade', 'kill', … */
  readonly during: string;
  readonly packets: number;
  readonly cause: string;
}

export interface Violation {
  readonly during: string;
  readonly what: string;
}

/** A batch: what may be lost when new code crashes. */
const batch = 256;

export class Ledger {
  readonly losses: Loss[] = [];
  readonly violations: Violation[] = [];

  violate(during: string, what: string): void {
    this.violations.push({ during, what });
  }

  /**
   * An interval of the stream. `kernel`: packets that the kernel says it dropped meanwhile, for want of room in a queue;
   * `crashes`: of new code, each of which may take one batch along; `down`: the engine was killed.
   */
  account(
    during: string,
    {
      missing,
      duplicated,
      reordered,
      tooLate,
    }: Pick<SinkInterval, 'missing' | 'duplicated' | 'reordered' | 'tooLate'>,
    { kernel = 0, crashes = 0, down = false }: { kernel?: number; crashes?: number; down?: boolean } = {},
  ): void {
    if (duplicated > 0) this.violate(during, `${duplicated} packets arrived twice`);
    if (reordered > 0) this.violate(during, `${reordered} packets arrived out of order`);
    if (tooLate > 0) this.violate(during, `${tooLate} packets arrived too late to be told apart`);
    let left = missing;
    const take = (most: number, cause: string) => {
      const packets = Math.min(left, most);
      if (packets > 0) this.losses.push({ during, packets, cause });
      left -= packets;
    };
    if (down) take(left, 'the engine was killed and nothing forwarded');
    take(kernel, 'the kernel had no room in a queue');
    take(crashes * batch, 'the batch in which new code crashed');
    if (left > 0) this.violate(during, `${left} packets were lost`);
  }

  /** Lost packets by cause. */
  byCause(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { cause, packets } of this.losses) sums[cause] = (sums[cause] ?? 0) + packets;
    return sums;
  }
}
