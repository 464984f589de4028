/** A running engine in another process, through its control socket. */

import { resolve } from 'node:path';
import type {
  ClassUpgradeOptions,
  EngineControl,
  EngineStats,
  RevisionSummary,
  TapSummary,
  TraceEvent,
  UpgradeOptions,
  UpgradeReport,
  UpgradeStep,
} from '../engine-types.ts';
import type { ElementClass } from '../graph/element-class.ts';
import { defaultControlPath } from './control-path.ts';
import { EventQueue } from './event-queue.ts';
import { RequestChannel } from './request-channel.ts';

type ApplyOptions = UpgradeOptions & { file?: string; defines?: Readonly<Record<string, string>> };

export class ControlClient implements EngineControl, AsyncDisposable {
  #channel: RequestChannel;
  readonly #path: string;

  private constructor(channel: RequestChannel, path: string) {
    this.#channel = channel;
    this.#path = path;
  }

  /** @throws HotclickError HC_NO_ENGINE when nobody listens on `path`, HC_PRIVILEGE when it is not ours to use. */
  static async connect(path: string = defaultControlPath()): Promise<ControlClient> {
    return new ControlClient(await RequestChannel.open(path), path);
  }

  read(path: string, parameter?: string): Promise<string> {
    return this.#channel.request('read', { path, ...(parameter === undefined ? {} : { parameter }) });
  }

  write(path: string, value: string): Promise<void> {
    return this.#channel.request('write', { path, value });
  }

  /** Paths are those of this process, wherever the engine runs. */
  upgrade(
    changes: Readonly<Record<string, string>>,
    options: ClassUpgradeOptions = {},
  ): Promise<UpgradeReport> {
    const absolute = Object.entries(changes).map(([className, path]) => [className, resolve(path)]);
    return this.#change('upgrade', { changes: Object.fromEntries(absolute) }, options);
  }

  apply(configuration: string, { file, defines, ...options }: ApplyOptions = {}): Promise<UpgradeReport> {
    return this.#change('apply', { configuration, file, defines }, options);
  }

  rollback({ revision, ...options }: UpgradeOptions & { revision?: number } = {}): Promise<UpgradeReport> {
    return this.#change('rollback', { revision }, options);
  }

  history(): Promise<RevisionSummary[]> {
    return this.#channel.request('history');
  }

  stats(): Promise<EngineStats> {
    return this.#channel.request('stats');
  }

  flatten(): Promise<string> {
    return this.#channel.request('flatten');
  }

  classes(): Promise<ElementClass[]> {
    return this.#channel.request('classes');
  }

  async *trace(
    filter: string,
    { limit, signal }: { limit?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<TraceEvent, void, undefined> {
    const cancel = new AbortController();
    const events = new EventQueue<TraceEvent>();
    const ending = this.#channel
      .request<void>(
        'trace',
        { filter, limit },
        {
          signal: signal === undefined ? cancel.signal : AbortSignal.any([cancel.signal, signal]),
          onEvent: (event) => events.push(event as TraceEvent),
        },
      )
      .finally(() => events.end());
    // It is awaited below; until then a failure is no unhandled one.
    ending.catch(() => {});
    try {
      yield* events;
      await ending;
    } finally {
      cancel.abort();
    }
  }

  /** `file` is a path of this process; the engine writes it. */
  tap(
    edge: string,
    file: string,
    { signal, ...options }: { snaplen?: number; limit?: number; signal?: AbortSignal } = {},
  ): Promise<TapSummary> {
    return this.#channel.request('tap', { edge, file: resolve(file), ...options }, { signal });
  }

  stateList(): Promise<unknown> {
    return this.#channel.request('stateList');
  }

  stateGet(table: string, options: { filter?: string; limit?: number } = {}): Promise<unknown> {
    return this.#channel.request('stateGet', { table, ...options });
  }

  stateHistory(): Promise<unknown> {
    return this.#channel.request('stateHistory');
  }

  stateDiff(from: number, to: number): Promise<unknown> {
    return this.#channel.request('stateDiff', { from, to });
  }

  /** Returns when the engine has stopped and let go of its socket. */
  async stop(): Promise<void> {
    await this.#channel.request('stop');
    await this.#channel.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#channel.close();
  }

  /** Paths are those of this process. Where another process took over, this client follows it. */
  async #change(
    method: string,
    params: Record<string, unknown>,
    { signal, onStep, core, node, hotclick, ...options }: UpgradeOptions,
  ): Promise<UpgradeReport> {
    const paths = {
      core: core === undefined ? undefined : resolve(core),
      node: node === undefined ? undefined : resolve(node),
      hotclick: hotclick === undefined ? undefined : resolve(hotclick),
    };
    const report = await this.#channel.request<UpgradeReport>(
      method,
      { ...params, ...options, ...paths },
      { signal, onEvent: (event) => onStep?.(event as UpgradeStep) },
    );
    if (report.successor) {
      const before = this.#channel;
      this.#channel = await RequestChannel.open(this.#path);
      await before.close();
    }
    return report;
  }
}
