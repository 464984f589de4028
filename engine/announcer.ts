/** The events of an engine. */
import { EventEmitter } from 'node:events';
import type { OlderVersionSummary, SuccessorSummary, UpgradeReport } from './engine-types.ts';
import type { HotclickError } from './errors.ts';

export interface EngineEvents {
  /** What Print, IPPrint and Script say. */
  print: [{ readonly element: string; readonly text: string; readonly shard: number }];
  log: [{ readonly element: string; readonly text: string; readonly shard: number }];
  upgrade: [UpgradeReport];
  /** An older version that ran beside the newest has gone: its last flow has ended, or its records have moved. */
  ended: [OlderVersionSummary];
  /** An upgrade that was refused; the running revision goes on. */
  refused: [HotclickError];
  /** Something that needs an eye on it and stops nothing, as stored state that could not be taken up. */
  warning: [HotclickError];
  /** The store failed (`error` set) or works again. */
  store: [{ readonly error?: string }];
  /** A shard's thread died: the engine cannot go on. */
  failed: [Error];
  /** Another process runs the engine now; this one has nothing more to do. */
  succeeded: [SuccessorSummary];
  /** The router asked to stop (DriverManager, Script, STOP true), or stop() was called. */
  stopped: [];
}

/** Lines kept for a listener that is still to come. */
const mostUnheard = 10_000;

/** A router may speak, or end, before its owner could listen: what nobody has heard waits for the first listener. */
export class Announcer extends EventEmitter<EngineEvents> {
  #unheard: { readonly event: keyof EngineEvents; readonly emit: () => void }[] = [];

  constructor() {
    super();
    // Not one of our own events, so not in their types.
    EventEmitter.prototype.on.call(this, 'newListener', (event: string | symbol) =>
      this.#tellNewListener(event),
    );
  }

  protected announce<E extends keyof EngineEvents>(event: E, ...values: EngineEvents[E]): void {
    // EventEmitter's types cannot see that the values belong to the event.
    const emit = () => void EventEmitter.prototype.emit.call(this, event, ...values);
    if (this.listenerCount(event) > 0) emit();
    else if (this.#unheard.length < mostUnheard) this.#unheard.push({ event, emit });
  }

  #tellNewListener(event: string | symbol): void {
    const waiting = this.#unheard.filter((one) => one.event === event);
    this.#unheard = this.#unheard.filter((one) => one.event !== event);
    // Once the listener is there.
    queueMicrotask(() => {
      for (const { emit } of waiting) emit();
    });
  }
}
