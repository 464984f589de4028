/** What the commands have of the world around them. `main.ts` gives the real one, tests another. */

import type { Readable, Writable } from 'node:stream';
import type { StartOptions } from '../engine.ts';
import type { CheckedGraph } from '../graph/check.ts';
import type { Diagnostic } from '../graph/diagnostics.ts';
import type { ElementClass } from '../graph/element-class.ts';
import type { RunningEngine } from './running-engine.ts';

export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when nobody reads standard output any more. */
  readonly outputGone: AbortSignal;
  /** Loads the native datapath only when it is called. */
  readonly startEngine: (options: StartOptions) => Promise<RunningEngine>;
  readonly builtinClasses: () => Promise<ElementClass[]>;
  /** What the elements of a graph have against their arguments. */
  readonly argumentFaults: (graph: CheckedGraph) => Promise<Diagnostic[]>;
  /** For a command that ends well but has to say that something is wrong. */
  readonly setExitCode: (code: number) => void;
}
