/** `require(…)`. Source: Click manual, click(5), "Requirements". */

import { splitWithOffsets, splitWords } from './arguments.ts';
import type { RequireStatement, Statement } from './ast.ts';
import { parseText } from './parse-text.ts';
import { unquote } from './quoting.ts';
import type { Reading } from './reading.ts';
import type { Place } from './source-text.ts';
import { SourceText } from './source-text.ts';

/** Notes what a statement requires, and hands on the statements of libraries that were not read before. */
export function readRequirements(
  reading: Reading,
  { config }: RequireStatement,
  isNested: boolean,
  addStatements: (statements: readonly Statement[]) => void,
): void {
  for (const { text, offset } of splitWithOffsets(config.text, true)) {
    const place = { ...config.place, offset: config.place.offset + offset };
    const [kind, name, ...more] = splitWords(text).map(unquote);
    if (kind === undefined) {
      continue;
    }
    if (kind === 'compact_config' && name === undefined) {
      reading.requirements.push(kind);
    } else if (kind === 'package' && name !== undefined && more.length === 0) {
      requirePackage(reading, name, place);
    } else if (kind === 'library' && name !== undefined && more.length === 0) {
      if (isNested) {
        reading.report(place, "'require library' must be used at file scope");
      } else {
        addStatements(readLibrary(reading, name, place));
      }
    } else if (name === undefined && kind !== 'package' && kind !== 'library') {
      // A lone word names a package.
      requirePackage(reading, kind, place);
    } else {
      reading.report(place, 'syntax error at requirement', true);
    }
  }
}

function requirePackage(reading: Reading, name: string, place: Place): void {
  if (reading.options.isKnownPackage?.(name) ?? true) reading.requirements.push(`package ${name}`);
  else reading.report(place, `cannot find required package '${name}'`);
}

function readLibrary(reading: Reading, name: string, place: Place): readonly Statement[] {
  const library = reading.options.readLibrary?.(name, place.source.file);
  if (library === undefined) {
    reading.report(place, `library '${name}' not found`);
    return [];
  }
  if (reading.libraries.has(library.file)) {
    return [];
  }
  reading.libraries.add(library.file);
  reading.spend(library.text.length, place);
  const { statements, problems } = parseText(new SourceText(library.file, library.text));
  reading.problems.push(...problems);
  return problems.length > 0 ? [] : statements;
}
