/** Events of a native observer as they come, until the reader has enough. */
import { callNative, type NativeEngine, type NativeEvent, type ObserverSpec } from '../datapath/addon.ts';

const pollInterval = 20;

/** What observing needs of the native engine. */
export type ObservedEngine = Pick<NativeEngine, 'observe' | 'takeEvents' | 'stopObserving'>;

/** Yields arrays of events. Ends with the signal; the observer is taken out of the graph when the reader stops. */
export async function* observe(
  engine: ObservedEngine,
  spec: ObserverSpec,
  signal: AbortSignal | undefined,
  onLost: (lost: number) => void,
): AsyncGenerator<NativeEvent[]> {
  const observer = callNative(() => engine.observe(spec));
  try {
    while (!signal?.aborted) {
      const { events, lost } = engine.takeEvents(observer);
      onLost(lost);
      yield events;
      if (events.length === 0) await pause(pollInterval, signal);
    }
    yield engine.takeEvents(observer).events;
  } finally {
    engine.stopObserving(observer);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}
