/** Faults found in a configuration: collected, so that all are reported, and shown with the line they are in. */

import type { ErrorCode } from '../errors.ts';
import { HotclickError } from '../errors.ts';
import type { SourcePosition } from './router-graph.ts';

export interface Diagnostic {
  /** Missing for graphs that a program built. */
  readonly position?: SourcePosition;
  readonly message: string;
}

/** Gives the text of the line a position is in, without its line end; undefined when it is not at hand. */
export type SourceLineLookup = (position: SourcePosition) => string | undefined;

/** A message shows this many faults in full; `details.errors` has all of them. */
const shownInFull = 20;

/** Characters of a line that are shown. */
const longestExcerpt = 160;

/** `file:line:column: text`, then the source line and a caret below the column, when the line is known. */
export function formatDiagnostic(diagnostic: Diagnostic, sourceLine?: SourceLineLookup): string {
  const { position, message } = diagnostic;
  if (position === undefined) {
    return message;
  }
  const head = `${position.file}:${position.line}:${position.column}: ${message}`;
  const line = sourceLine?.(position);
  if (line === undefined || position.column > line.length + 1) {
    return head;
  }
  const { text, column } = excerpt(line, position.column);
  // Tabs stay tabs, so that the caret stands below its column whatever the terminal's tab width is.
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return `${head}\n  ${text}\n  ${indent}^`;
}

/** A long line is cut down to what is around the column. */
function excerpt(line: string, column: number): { text: string; column: number } {
  const start = column > longestExcerpt / 2 ? column - longestExcerpt / 2 : 0;
  const end = start + longestExcerpt;
  const before = start > 0 ? '…' : '';
  const text = `${before}${line.slice(start, end)}${end < line.length ? '…' : ''}`;
  return line.length <= longestExcerpt
    ? { text: line, column }
    : { text, column: column - start + before.length };
}

/** One error for all faults; `details` is `{ errors: [{ position, message }] }` in the order given. */
export function diagnosticsError(
  code: ErrorCode,
  diagnostics: readonly Diagnostic[],
  sourceLine?: SourceLineLookup,
): HotclickError {
  const shown = diagnostics.slice(0, shownInFull).map((one) => formatDiagnostic(one, sourceLine));
  if (diagnostics.length > shownInFull) {
    shown.push(`… and ${diagnostics.length - shownInFull} more`);
  }
  return new HotclickError(code, shown.join('\n'), { details: { errors: [...diagnostics] } });
}
