/** A datapath that has given events ready, a batch each time it is asked. */
import type { NativeEvent, ObserverSpec } from '../../datapath/addon.ts';
import type { ObservedEngine } from '../observer.ts';

export class FakeObserved implements ObservedEngine {
  readonly specs: ObserverSpec[] = [];
  lost = 0;
  stopped = 0;
  readonly #batches: NativeEvent[][];

  constructor(...batches: NativeEvent[][]) {
    this.#batches = batches;
  }
  observe(spec: ObserverSpec): number {
    this.specs.push(spec);
    return 7;
  }
  takeEvents(): { events: NativeEvent[]; lost: number } {
    return { events: this.#batches.shift() ?? [], lost: this.lost };
  }
  stopObserving(): void {
    this.stopped += 1;
  }
}

export function eventOf(packet: number, more: Partial<NativeEvent> = {}): NativeEvent {
  return {
    time: 1_795_183_708_175_000_000n,
    shard: 0,
    packet,
    length: 60,
    kind: 'h',
    element: 'c',
    version: '1.0.0',
    port: 0,
    to: 'd',
    toPort: 0,
    reason: '',
    data: Uint8Array.of(0xde, 0xad),
    ...more,
  };
}
