/** Packets that match a filter, followed from element to element. */
import type { NativeEvent } from '../datapath/addon.ts';
import type { TraceEvent } from '../engine-types.ts';
import { type ObservedEngine, observe } from './observer.ts';

const headBytes = 64;
/** How long a trace waits for more of its packets after the last one was found, in ms. */
const lingering = 200;

/** Yields the hops and drops of the first `limit` packets that match. */
export async function* trace(
  engine: ObservedEngine,
  filter: string,
  { limit = 10, signal }: { limit?: number; signal?: AbortSignal } = {},
): AsyncGenerator<TraceEvent> {
  const packets = new Set<number>();
  let lastEvent = performance.now();
  const spec = { kind: 'trace' as const, filter, limit, snap: headBytes };
  for await (const events of observe(engine, spec, signal, () => {})) {
    for (const event of events) {
      const id = event.packet * 65_536 + event.shard;
      if (!packets.has(id) && packets.size >= limit) continue;
      packets.add(id);
      lastEvent = performance.now();
      yield traceEvent(event);
    }
    if (packets.size >= limit && performance.now() - lastEvent > lingering) return;
  }
}

function traceEvent(event: NativeEvent): TraceEvent {
  return {
    time: new Date(Number(event.time / 1_000_000n)).toISOString(),
    shard: event.shard,
    packet: event.packet,
    kind: event.kind === 'd' ? 'drop' : 'hop',
    element: event.element,
    version: event.version,
    port: event.port,
    ...(event.kind === 'd' ? { reason: event.reason } : { to: event.to, toPort: event.toPort }),
    length: event.length,
    head: Buffer.from(event.data).toString('hex'),
  };
}
