/** What `hotclick run` needs of an engine in its own process. */

import type { EventEmitter } from 'node:events';
import type { EngineEvents } from '../announcer.ts';
import type { EngineControl } from '../engine-types.ts';

export type RunningEngine = EngineControl & EventEmitter<EngineEvents> & AsyncDisposable;
