import { inEngine } from './in-engine.ts';

export const thread = inEngine('thread');

/** With an element that has static variables, carried over in each of the three ways. */
export const threadWithStatics = (['mapped', 'symbols', 'compiled'] as const).map((statics) =>
  inEngine('thread', { statics }),
);
