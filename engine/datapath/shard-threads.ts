/** The Workers of an engine's shards, and the control pages that they share with the host. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ShardStats } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { callNative, type NativeEngine } from './addon.ts';
import { addonPath } from './paths.ts';

/** What the Worker of a shard is told. */
export interface ShardTask {
  readonly addonFile: string;
  readonly engine: number;
  readonly shard: number;
  /** -1 for any. */
  readonly cpu: number;
}

const pageSize = 4096;
/** Offsets in a control page; native/core/shard.hh: ControlPage. */
const offsets = { rounds: 64, busyRounds: 72, now: 80, sleeps: 88, freePackets: 96, sleeping: 104 };

/** Memory for the control pages of `shards` shards, for the native engine and for this thread. */
export function createControlPages(shards: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(shards * pageSize));
}

export class ShardThreads {
  readonly #workers: Worker[] = [];
  readonly #control: DataView;
  #failure: ((error: Error) => void) | undefined;

  constructor(control: Uint8Array) {
    this.#control = new DataView(control.buffer, control.byteOffset, control.byteLength);
  }

  /** Starts one Worker a shard; resolves when all are in their loops. `onFailure` hears of a thread that died. */
  async start(
    engine: NativeEngine,
    shards: number,
    cpus: readonly number[],
    onFailure: (error: Error) => void,
  ): Promise<void> {
    this.#failure = onFailure;
    const entry = new URL('./shard-worker.js', import.meta.url);
    for (let shard = 0; shard < shards; ++shard) {
      const cpu = cpus.length ? cpus[shard % cpus.length]! : -1;
      const task: ShardTask = { addonFile: addonPath(), engine: engine.id, shard, cpu };
      this.#workers.push(new Worker(entry, { workerData: task }));
    }
    await Promise.all(this.#workers.map((worker) => once(worker, 'message')));
    for (const worker of this.#workers) {
      worker.on('error', (cause) => {
        this.#failure?.(
          new HotclickError('HC_INTERNAL', `a shard's thread failed: ${cause.message}`, { cause }),
        );
      });
    }
  }

  /** Tells the shards to leave their loops and waits until they have. */
  async stop(engine: NativeEngine): Promise<void> {
    this.#failure = undefined;
    const ended = this.#workers.map((worker) => once(worker, 'exit'));
    callNative(() => engine.stop());
    await Promise.all(ended);
    this.#workers.length = 0;
  }

  stats(): ShardStats[] {
    const shards = this.#control.byteLength / pageSize;
    return Array.from({ length: shards }, (_, shard) => {
      const at = shard * pageSize;
      const word = (offset: number): number => Number(this.#control.getBigUint64(at + offset, true));
      return {
        shard,
        rounds: word(offsets.rounds),
        busyRounds: word(offsets.busyRounds),
        sleeps: word(offsets.sleeps),
        sleeping: this.#control.getUint32(at + offsets.sleeping, true) !== 0,
        freePackets: word(offsets.freePackets),
      };
    });
  }
}
