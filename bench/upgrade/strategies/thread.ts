import { inEngine } from './in-engine.ts';

export const thread = inEngine('thread');
