import { inEngine } from './in-engine.ts';

export const dualMain = inEngine('dual-main', { fromStore: true, changeSeconds: 1.5 });
