import { inEngine } from './in-engine.ts';

/** The core and the firewall at once. */
export const core = inEngine('core', { changeSeconds: 2 });
