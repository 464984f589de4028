/** How much memory a system's processes take while something happens to them. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

export interface MemoryUse {
  /** Proportional set size: memory that several processes share is counted once. Bytes. */
  readonly before: number;
  readonly peak: number;
}

/** ms between two looks. */
const interval = 10;

/** `processes` is asked again and again: they come and go. */
export async function measureMemory(
  processes: () => Promise<number[]>,
  happening: () => Promise<void>,
): Promise<MemoryUse> {
  const before = await proportionalSize(await processes());
  let peak = before;
  let over = false;
  const watching = (async () => {
    while (!over) {
      peak = Math.max(peak, await proportionalSize(await processes()));
      await delay(interval);
    }
  })();
  try {
    await happening();
  } finally {
    over = true;
    await watching;
  }
  return { before, peak };
}

export async function proportionalSize(processes: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    processes.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
      return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
