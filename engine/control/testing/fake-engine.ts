/** An engine for tests of what stands before one: it remembers what it was asked and answers with fixed data. */

import type {
  EngineControl,
  EngineStats,
  RevisionSummary,
  TapSummary,
  TraceEvent,
  UpgradeOptions,
  UpgradeReport,
} from '../../engine-types.ts';
import { HotclickError } from '../../errors.ts';
import type { ElementClass } from '../../graph/element-class.ts';
import { counterClass, engineStats, revisions, stateAnswers, traceEvents, upgradeReport } from './answers.ts';

export class FakeEngine implements EngineControl {
  /** Every call with its arguments, without functions and signals. */
  readonly calls: unknown[][] = [];
  /** Signals of the calls that got one, by method. */
  readonly signals = new Map<string, AbortSignal>();
  /** Called by `stop`, as an engine's owner is told. */
  onStop = (): void => {};
  /** Trace events that follow the fixed ones without end, one per turn of the event loop. */
  endlessTrace = false;

  async read(path: string, parameter?: string): Promise<string> {
    this.calls.push(parameter === undefined ? ['read', path] : ['read', path, parameter]);
    if (path === 'nobody.count') {
      throw new HotclickError('HC_NO_SUCH_ELEMENT', "no element is called 'nobody'", { details: { path } });
    }
    if (path === 'slow.count') await new Promise((resolve) => setImmediate(resolve));
    return path === 'c.big' ? 'x'.repeat(3_000_000) : '1234';
  }

  async write(path: string, value: string): Promise<void> {
    this.calls.push(['write', path, value]);
  }

  upgrade(changes: Readonly<Record<string, string>>, options: UpgradeOptions = {}): Promise<UpgradeReport> {
    return this.#change('upgrade', [changes], options);
  }

  apply(
    configuration: string,
    options: UpgradeOptions & { file?: string; defines?: Readonly<Record<string, string>> } = {},
  ): Promise<UpgradeReport> {
    return this.#change('apply', [configuration], options);
  }

  rollback(options: UpgradeOptions & { revision?: number } = {}): Promise<UpgradeReport> {
    return this.#change('rollback', [], options);
  }

  async history(): Promise<RevisionSummary[]> {
    return [...revisions];
  }

  async stats(): Promise<EngineStats> {
    return engineStats;
  }

  async flatten(): Promise<string> {
    return 'c :: Counter;\n';
  }

  async classes(): Promise<ElementClass[]> {
    return [counterClass];
  }

  async *trace(
    filter: string,
    { limit, signal }: { limit?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<TraceEvent, void, undefined> {
    this.calls.push(['trace', filter, limit]);
    if (signal !== undefined) this.signals.set('trace', signal);
    yield* traceEvents;
    while (this.endlessTrace && signal?.aborted !== true) {
      await new Promise((resolve) => setImmediate(resolve));
      yield traceEvents[0]!;
    }
  }

  async tap(
    edge: string,
    file: string,
    { signal, ...options }: { snaplen?: number; limit?: number; signal?: AbortSignal } = {},
  ): Promise<TapSummary> {
    this.calls.push(['tap', edge, file, options]);
    if (signal !== undefined) this.signals.set('tap', signal);
    if (options.limit === undefined) await untilAborted(signal);
    return { file, packets: 7, lost: 0 };
  }

  async stateList(): Promise<unknown> {
    return stateAnswers.list;
  }

  async stateGet(table: string, options: { filter?: string; limit?: number } = {}): Promise<unknown> {
    this.calls.push(['stateGet', table, options]);
    return stateAnswers.get;
  }

  async stateHistory(): Promise<unknown> {
    return stateAnswers.history;
  }

  async stateDiff(from: number, to: number): Promise<unknown> {
    this.calls.push(['stateDiff', from, to]);
    return stateAnswers.diff;
  }

  async stop(): Promise<void> {
    this.calls.push(['stop']);
    this.onStop();
  }

  /** A class called Broken is refused; one called Slow takes until the request is cancelled. */
  async #change(
    name: string,
    args: readonly unknown[],
    { signal, onStep, ...options }: UpgradeOptions,
  ): Promise<UpgradeReport> {
    this.calls.push([name, ...args, options]);
    if (signal !== undefined) this.signals.set(name, signal);
    onStep?.({ step: 'plan', detail: '1 element' });
    const [changes] = args;
    if (typeof changes === 'object' && changes !== null && 'Slow' in changes) {
      await untilAborted(signal);
      throw new HotclickError('HC_UPGRADE_FAILED', 'the upgrade was cancelled in step build');
    }
    if (typeof changes === 'object' && changes !== null && 'Broken' in changes) {
      throw new HotclickError('HC_BUILD_FAILED', 'Broken.cc:3:1: error: expected unqualified-id');
    }
    onStep?.({ step: 'build', detail: 'Counter 1.1.0' });
    return { ...upgradeReport, dryRun: options.dryRun ?? false, strategy: options.strategy ?? 'swap' };
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
