import { inEngine } from './in-engine.ts';

export const restart = inEngine('restart', { fromStore: true, changeSeconds: 1.5 });
