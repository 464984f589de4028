import { inEngine } from './in-engine.ts';

export const swap = inEngine('swap');
