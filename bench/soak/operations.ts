/** What the soak does to the engine, one thing at a time, and what must come of it. */
import type { Strategy, UpgradeOptions } from '../../engine/engine-types.ts';
import { changeGraph } from './configuration.ts';
import type { EngineUnderSoak } from './engine-under-soak.ts';
import type { SoakLibraries } from './libraries.ts';
import type { Random } from './random.ts';

export type Kind =
  | 'upgrade'
  | 'several'
  | 'beside'
  | 'rollback'
  | 'graph'
  | 'process'
  | 'broken'
  | 'crash'
  | 'kill';

export interface Outcome {
  readonly kind: Kind;
  /** In words, for the report. */
  readonly what: string;
  /** What should not have come of it. */
  readonly fault?: string;
}

const weights: readonly { readonly choice: Kind; readonly weight: number }[] = [
  { choice: 'upgrade', weight: 100 },
  { choice: 'several', weight: 25 },
  { choice: 'beside', weight: 15 },
  { choice: 'rollback', weight: 40 },
  { choice: 'graph', weight: 25 },
  { choice: 'process', weight: 2 },
  { choice: 'broken', weight: 10 },
  { choice: 'crash', weight: 6 },
  { choice: 'kill', weight: 2 },
];

/** In place, thread by thread: these keep the process. */
const inPlace: readonly Strategy[] = ['swap', 'swap', 'thread', 'all-threads'];
/** These lose nothing either, but bring another core or process. */
const anew: readonly Strategy[] = ['core', 'handover', 'two-process', 'dual-main'];

export class Operations {
  readonly #engine: EngineUnderSoak;
  readonly #libraries: SoakLibraries;
  readonly #captures: number;
  readonly #random: Random;

  constructor(engine: EngineUnderSoak, libraries: SoakLibraries, captures: number, random: Random) {
    this.#engine = engine;
    this.#libraries = libraries;
    this.#captures = captures;
    this.#random = random;
  }

  next(): Promise<Outcome> {
    const kind = this.#random.weighted(weights);
    return this.#carryOut(kind).catch((error: unknown) => ({ kind, what: kind, fault: reasonOf(error) }));
  }

  async #carryOut(kind: Kind): Promise<Outcome> {
    const engine = this.#engine;
    const random = this.#random;
    const { good, broken, crashing } = this.#libraries;
    const options: UpgradeOptions = { strategy: random.pick(inPlace) };
    const done = (what: string) => ({ kind, what: `${what}, ${options.strategy}` });
    switch (kind) {
      case 'upgrade': {
        const name = random.pick(['Firewall', 'IPRewriter'] as const);
        await engine.upgrade({ [name]: random.pick(good[name]) }, options);
        return done(name);
      }
      case 'several':
        await engine.upgrade(
          { Firewall: random.pick(good.Firewall), IPRewriter: random.pick(good.IPRewriter) },
          options,
        );
        return done('Firewall and IPRewriter');
      case 'beside': {
        const name = random.pick(['Firewall', 'IPRewriter'] as const);
        await engine.upgrade({ [name]: random.pick(good[name]) }, { ...options, newFlowsOnly: true });
        return done(`${name} beside the one before`);
      }
      case 'rollback':
        return (await engine.rollback(1 + random.below(3), options))
          ? done('back')
          : done('nowhere to go back to');
      case 'graph':
        await engine.apply(changeGraph(engine.graph, random, this.#captures), options);
        return done(JSON.stringify(engine.graph));
      case 'process': {
        const strategy = random.pick(anew);
        const fault = await engine.upgrade({}, { strategy }).then(() => undefined, reasonOf);
        return { kind, what: strategy, ...(fault === undefined ? {} : { fault }) };
      }
      case 'broken': {
        const { name, file, codes } = random.pick(broken);
        const code = await refusal(engine.upgrade({ Firewall: file }, options));
        return { kind, what: name, ...(codes.includes(code) ? {} : { fault: `it ended with ${code}` }) };
      }
      case 'crash': {
        const code = await refusal(engine.upgrade({ Firewall: random.pick(crashing) }, options));
        return {
          ...done('new code crashes'),
          ...(code === 'HC_UPGRADE_FAULT' ? {} : { fault: `it ended with ${code}` }),
        };
      }
      case 'kill':
        await engine.kill();
        return { kind, what: 'kill -9 and start' };
    }
  }
}

/** The code of the error with which it ends. */
function refusal(change: Promise<void>): Promise<string> {
  return change.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? reasonOf(error),
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error
    ? `${(error as { code?: string }).code ?? error.name}: ${error.message}`
    : String(error);
}
