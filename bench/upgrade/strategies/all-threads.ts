import { inEngine } from './in-engine.ts';

export const allThreads = inEngine('all-threads');
