/** Faults in a Click text, collected while it is read. */

import type { HotclickError } from '../engine/errors.ts';
import { diagnosticsError } from '../engine/graph/diagnostics.ts';
import type { Place } from './source-text.ts';

export interface Problem {
  readonly place: Place;
  readonly message: string;
  /** It breaks the grammar; otherwise the text was understood and describes nothing valid. */
  readonly isSyntax: boolean;
}

/** One error that shows every fault, each with its line and a caret. Equal faults at one place count once. */
export function problemsError(problems: readonly Problem[]): HotclickError {
  const lines = new Map<string, string>();
  const unique = new Map<string, { position: ReturnType<Place['source']['positionAt']>; message: string }>();
  for (const { place, message } of problems) {
    const position = place.source.positionAt(place.offset);
    const where = `${position.file}:${position.line}:${position.column}`;
    lines.set(where, place.source.lineAt(place.offset));
    unique.set(`${where}: ${message}`, { position, message });
  }
  const code = problems.some((one) => one.isSyntax) ? 'HC_CONFIG_SYNTAX' : 'HC_CONFIG_INVALID';
  return diagnosticsError(code, [...unique.values()], ({ file, line, column }) =>
    lines.get(`${file}:${line}:${column}`),
  );
}
