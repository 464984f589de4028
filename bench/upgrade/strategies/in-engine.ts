/** Strategies of the engine itself: `hotclick upgrade --strategy NAME` of the firewall, forwards and back in turn. */
import { type StaticsMode, type Strategy, strategies } from '../../../engine/engine-types.ts';
import type { UpgradeStrategy } from '../system.ts';
import { EngineSystem } from './engine-system.ts';

export interface InEngineOptions {
  /** The state goes through the store, which is synced as often as usual. */
  readonly fromStore?: boolean;
  /** An element with static variables is upgraded too, and this is done about them. */
  readonly statics?: StaticsMode;
  readonly changeSeconds?: number;
}

/** A strategy that the engine does not have (yet) is left out of the measurement. */
export function inEngine(strategy: string, options: InEngineOptions = {}): UpgradeStrategy {
  const { fromStore = false, statics, changeSeconds = 0.5 } = options;
  const known = strategy in strategies ? (strategy as Strategy) : undefined;
  const summary = known === undefined ? '' : strategies[known];
  return {
    name: statics === undefined ? strategy : `${strategy}/${statics}`,
    summary: statics === undefined ? summary : `${summary}; static variables ${statics}`,
    lab: { mode: 'bridge', staticNeighbours: true },
    changeSeconds,
    missing: async () => (known === undefined ? 'the engine does not have it' : undefined),
    start: (setup) => EngineSystem.start(setup, { strategy: strategy as Strategy, fromStore, statics }),
  };
}
