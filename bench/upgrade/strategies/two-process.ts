import { inEngine } from './in-engine.ts';

export const twoProcess = inEngine('two-process', { changeSeconds: 1 });
