/** Copies of live packets and of the state that they meet, taken out of the running shards. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CopiedState, NativeEngine } from '../../datapath/addon.ts';

export type MirroringEngine = Pick<NativeEngine, 'mirror' | 'copyState' | 'takeMirrored' | 'stopMirroring'>;

export interface MirrorOptions {
  readonly shards: number;
  /** Names in the running graph. */
  readonly elements: readonly string[];
  /** Of each element, in all shards together. */
  readonly packets: number;
  /** ms to wait for them. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Mirrored {
  /** By shard. */
  readonly states: readonly CopiedState[];
  /** By shard and element, in order. */
  readonly packets: readonly (readonly (readonly Uint8Array[])[])[];
  readonly missed: number;
}

/** ms between two looks at the rings, which hold some thousand packets. */
const lookInterval = 2;
const roomPerLook = 8 << 20;
/** Bytes of captured packets that are kept at most. */
const mostBytes = 512 << 20;

/** Ends when all elements have their packets, or the time is over. The shards are left as they were. */
export async function mirrorPackets(engine: MirroringEngine, options: MirrorOptions): Promise<Mirrored> {
  const { shards, elements, timeout, signal } = options;
  const mirror = engine.mirror(elements, options.packets);
  const packets = Array.from({ length: shards }, () => elements.map((): Uint8Array[] => []));
  let bytes = 0;
  let missed = 0;
  const look = () => {
    const taken = engine.takeMirrored(mirror, roomPerLook);
    for (const [shard, element, some] of taken.entries) {
      packets[shard]![element]!.push(some);
      bytes += some.length;
    }
    missed = taken.missed;
    return taken;
  };
  try {
    const states = await Promise.all(
      Array.from({ length: shards }, (_, shard) => engine.copyState(shard, mirror)),
    );
    const deadline = performance.now() + timeout;
    while (performance.now() < deadline && bytes < mostBytes) {
      signal?.throwIfAborted();
      if (look().left.every((left) => left <= 0)) break;
      await delay(lookInterval);
    }
    // What came between the last look and the end.
    while (look().entries.length > 0 && bytes < mostBytes);
    return { states, packets, missed };
  } finally {
    engine.stopMirroring(mirror);
  }
}
