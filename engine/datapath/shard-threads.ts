/** The Workers of an engine's shards, and the control pages that they share with the host. */
import { Worker } from 'node:worker_threads';
import type { ShardStats } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { callNative, fromNative, type NativeEngine } from './addon.ts';
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
const offsets = {
  rounds: 64,
  busyRounds: 72,
  now: 80,
  sleeps: 88,
  freePackets: 96,
  sleeping: 104,
  lastBusy: 112,
  longestConversion: 128,
  uninterruptedConversion: 136,
  drops: 144,
};
/** Reasons in the order of native/core/shard.hh: ShardDrop. */
const dropReasons = ['element gone', 'drain ended', 'queue gone', 'code crashed'];

/** Memory for the control pages of `shards` shards, for the native engine and for this thread. */
export function createControlPages(shards: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(shards * pageSize));
}

/** What the threads need of the native engine. */
export type ThreadedEngine = Pick<NativeEngine, 'id' | 'stop'>;

/** The threads of one native engine. */
interface Crew {
  readonly ended: Promise<unknown>[];
  stopping: boolean;
}

export class ShardThreads {
  /** Resolves when a thread has died that nobody told to stop. */
  readonly failed: Promise<Error>;
  #control: DataView;
  #crew: Crew = { ended: [], stopping: false };
  #reportFailure: (error: Error) => void = () => {};

  constructor(control: Uint8Array) {
    this.#control = new DataView(control.buffer, control.byteOffset, control.byteLength);
    this.failed = new Promise((resolve) => {
      this.#reportFailure = resolve;
    });
  }

  /** Starts one Worker a shard; resolves when all are in their loops. @throws HotclickError when one cannot be. */
  async start(
    engine: ThreadedEngine,
    shards: number,
    cpus: readonly number[],
    addonFile = addonPath(),
  ): Promise<void> {
    const entry = new URL('./shard-worker.js', import.meta.url);
    const ready: Promise<unknown>[] = [];
    const crew = this.#crew;
    for (let shard = 0; shard < shards; ++shard) {
      const cpu = cpus.length ? cpus[shard % cpus.length]! : -1;
      const task: ShardTask = { addonFile, engine: engine.id, shard, cpu };
      const worker = new Worker(entry, { workerData: task });
      worker.on('error', (cause) => this.#died(crew, shard, cause));
      crew.ended.push(new Promise((resolve) => worker.once('exit', resolve)));
      worker.once('exit', () => this.#died(crew, shard));
      ready.push(new Promise((resolve) => worker.once('message', resolve)));
    }
    const failure = await Promise.race([Promise.all(ready), this.failed]);
    if (failure instanceof Error) throw failure;
  }

  /** Tells the shards to leave their loops and waits until they have. */
  async stop(engine: ThreadedEngine): Promise<void> {
    await end(this.#crew, engine);
  }

  /** The threads of the engine that has taken over stand in for these, which end: the promise says when. */
  succeed(next: ShardThreads, before: ThreadedEngine): Promise<void> {
    const retired = this.#crew;
    this.#crew = next.#crew;
    this.#control = next.#control;
    void next.failed.then(this.#reportFailure);
    return end(retired, before);
  }

  #died(crew: Crew, shard: number, cause?: Error): void {
    if (crew.stopping) return;
    const known = cause === undefined ? undefined : fromNative(cause);
    this.#reportFailure(
      known instanceof HotclickError
        ? known
        : new HotclickError(
            'HC_INTERNAL',
            `the thread of shard ${shard} failed: ${cause?.message ?? 'it ended by itself'}`,
            { cause },
          ),
    );
  }

  /** By shard: when it last did something, ns of CLOCK_MONOTONIC. */
  lastBusy(): bigint[] {
    const shards = this.#control.byteLength / pageSize;
    return Array.from({ length: shards }, (_, shard) =>
      this.#control.getBigUint64(shard * pageSize + offsets.lastBusy, true),
    );
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
        longestConversion: {
          wallNs: word(offsets.longestConversion),
          uninterruptedNs: word(offsets.uninterruptedConversion),
        },
        drops: Object.fromEntries(dropReasons.map((reason, i) => [reason, word(offsets.drops + 8 * i)])),
      };
    });
  }
}

async function end(crew: Crew, engine: ThreadedEngine): Promise<void> {
  crew.stopping = true;
  callNative(() => engine.stop());
  await Promise.all(crew.ended);
  crew.ended.length = 0;
}
