/** CPU numbers; undefined where the scheduler chooses. */
export interface Placement {
  readonly generator?: number;
  readonly sink?: number;
  readonly shards?: readonly number[];
}

/** The generator has the first CPU, the shards have the last ones, the sink the first that is left. */
export function placeApart(shards: number, cpus: number): Required<Placement> {
  const own = Array.from({ length: shards }, (_, shard) => (cpus - 1 - (shard % cpus) + cpus) % cpus);
  const free = Array.from({ length: cpus }, (_, cpu) => cpu).find((cpu) => cpu !== 0 && !own.includes(cpu));
  return { generator: 0, sink: free ?? 0, shards: own };
}
