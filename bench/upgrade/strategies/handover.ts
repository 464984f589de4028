import { inEngine } from './in-engine.ts';

export const handover = inEngine('handover', { changeSeconds: 1 });
