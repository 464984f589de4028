/** What an element says against its arguments, at their place in the configuration. */
import type { Diagnostic } from './diagnostics.ts';
import type { GraphElement } from './router-graph.ts';

export interface RefusedArguments {
  readonly message: string;
  /** Index of the argument that was wrong, -1 when it is none in particular. */
  readonly argument: number;
}

export function configureFault(
  { name, className, argPositions, position: declared }: GraphElement,
  { message, argument }: RefusedArguments,
): Diagnostic {
  const position = argPositions[argument] ?? declared;
  return {
    ...(position === undefined ? {} : { position }),
    message: `While configuring '${name} :: ${className}': ${message}`,
  };
}
