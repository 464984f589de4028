/** The methods of the control socket: what each takes, and what it asks the engine. */

import {
  type EngineControl,
  replacesWhatRunsThem,
  type StaticsMode,
  type Strategy,
  staticsModes,
  strategies,
  type UpgradeOptions,
} from '../engine-types.ts';
import type { Schema } from './schema.ts';
import {
  flag,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  orWord,
  record,
  requestError,
  text,
} from './schema.ts';

/** What a method has besides its parameters. */
export interface MethodContext {
  readonly engine: EngineControl;
  /** Aborts when the request is cancelled or its connection closes. */
  readonly signal: AbortSignal;
  /** Sends an event line; resolves when there is room for the next. */
  readonly send: (event: unknown) => Promise<void>;
}

/** Takes parameters as they came; throws HC_CONTROL_REQUEST when they are not what the method takes. */
export type Method = (params: unknown, context: MethodContext) => Promise<unknown>;

/** The largest that JSON carries exactly. */
const most = Number.MAX_SAFE_INTEGER;
const count = integer({ min: 1, max: most });
const revision = integer({ min: 0, max: most });
const guardLimit = optional(orWord(number({ min: 0 }), 'off'));
const upgradeFields = {
  strategy: optional(oneOf(...(Object.keys(strategies) as Strategy[]))),
  statics: optional(oneOf(...(Object.keys(staticsModes) as StaticsMode[]))),
  dryRun: optional(flag()),
  verifyTimeout: optional(count),
  core: optional(text()),
  shadow: optional(
    object({
      packets: count,
      budget: optional(revision),
      expect: optional(list(text())),
      timeout: optional(count),
    }),
  ),
  node: optional(text()),
  hotclick: optional(text()),
  cold: optional(flag()),
  canary: optional(count),
  watch: optional(number({ min: 0 })),
  guards: optional(
    object({ drops: guardLimit, throughput: guardLimit, latency: guardLimit, divergence: guardLimit }),
  ),
  loopLimit: optional(number({ min: 1 })),
  newFlowsOnly: optional(flag()),
};

export const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  [
    'read',
    method({ path: text(), parameter: optional(text({ min: 0 })) }, ({ engine }, { path, parameter }) =>
      engine.read(path, parameter),
    ),
  ],
  [
    'write',
    method({ path: text(), value: text({ min: 0 }) }, ({ engine }, { path, value }) =>
      engine.write(path, value),
    ),
  ],
  [
    'upgrade',
    method(
      {
        changes: record(text()),
        requireSignature: optional(flag()),
        atomic: optional(flag()),
        ...upgradeFields,
      },
      async (context, { changes, ...options }) => {
        if (Object.keys(changes).length === 0 && !replacesWhatRunsThem(options.strategy)) {
          throw requestError('params.changes must not be empty');
        }
        return context.engine.upgrade(changes, withSteps(options, context));
      },
    ),
  ],
  [
    'apply',
    method(
      {
        configuration: text({ min: 0 }),
        file: optional(text()),
        defines: optional(record(text({ min: 0 }))),
        ...upgradeFields,
      },
      (context, { configuration, ...options }) =>
        context.engine.apply(configuration, withSteps(options, context)),
    ),
  ],
  [
    'rollback',
    method({ revision: optional(revision), ...upgradeFields }, (context, options) =>
      context.engine.rollback(withSteps(options, context)),
    ),
  ],
  ['history', method({}, ({ engine }) => engine.history())],
  ['stats', method({}, ({ engine }) => engine.stats())],
  ['flatten', method({}, ({ engine }) => engine.flatten())],
  ['classes', method({}, ({ engine }) => engine.classes())],
  [
    'trace',
    method({ filter: text({ min: 0 }), limit: optional(count) }, async (context, { filter, ...options }) => {
      for await (const event of context.engine.trace(filter, { ...options, signal: context.signal })) {
        await context.send(event);
        if (context.signal.aborted) break;
      }
    }),
  ],
  [
    'tap',
    method(
      { edge: text(), file: text(), snaplen: optional(count), limit: optional(count) },
      ({ engine, signal }, { edge, file, ...options }) => engine.tap(edge, file, { ...options, signal }),
    ),
  ],
  ['stateList', method({}, ({ engine }) => engine.stateList())],
  [
    'stateGet',
    method(
      { table: text(), filter: optional(text({ min: 0 })), limit: optional(count) },
      ({ engine }, { table, ...options }) => engine.stateGet(table, options),
    ),
  ],
  ['stateHistory', method({}, ({ engine }) => engine.stateHistory())],
  [
    'stateDiff',
    method({ from: revision, to: revision }, ({ engine }, { from, to }) => engine.stateDiff(from, to)),
  ],
  ['stop', method({}, ({ engine }) => engine.stop())],
]);

function method<F extends Parameters<typeof object>[0]>(
  fields: F,
  run: (context: MethodContext, params: ParsedFields<F>) => Promise<unknown>,
): Method {
  const schema = object(fields) as Schema<ParsedFields<F>>;
  return async (params, context) => run(context, schema(params, 'params'));
}

type ParsedFields<F extends Parameters<typeof object>[0]> = ReturnType<ReturnType<typeof object<F>>>;

/** Adds what every kind of upgrade gets from the connection. */
function withSteps<T extends { strategy?: Strategy; dryRun?: boolean }>(
  options: T,
  { signal, send }: MethodContext,
): T & UpgradeOptions {
  return { ...options, signal, onStep: (step) => void send(step) };
}
