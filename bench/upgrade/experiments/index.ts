import { downloads } from './downloads.ts';
import { elements } from './elements.ts';
import type { Experiment } from './experiment.ts';
import { nat } from './nat.ts';
import { schema } from './schema.ts';
import { timeline } from './timeline.ts';

/** In the order in which they are run. */
export const experiments: readonly Experiment[] = [elements, downloads, nat, schema, timeline];
