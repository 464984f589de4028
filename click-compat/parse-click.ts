/** Click text to router graph. */

import type { SourceLineLookup } from '../engine/graph/diagnostics.ts';
import type { RouterGraph } from '../engine/graph/router-graph.ts';
import { BodyBuilder } from './body-builder.ts';
import { Expansion } from './expansion.ts';
import { parseText } from './parse-text.ts';
import { followPassages } from './passages.ts';
import { problemsError } from './problems.ts';
import type { ClickOptions } from './reading.ts';
import { Reading, ReadingStopped } from './reading.ts';
import { SourceText } from './source-text.ts';
import { Environment } from './substitution.ts';
import { lex } from './tokens.ts';

/**
 * Reads a configuration in the Click language: compounds are expanded, groups dissolved, parameters replaced.
 * Ports and classes are checked by `checkGraph`, for which `isKnownClass` is not needed.
 * @throws HotclickError HC_CONFIG_SYNTAX or HC_CONFIG_INVALID. The message shows every fault as
 *   `file:line:column: text` with the line and a caret; `details.errors` is a list of `{ position, message }`.
 */
export function parseClick(text: string, options: ClickOptions): RouterGraph {
  const source = new SourceText(options.file, text);
  const parsed = parseText(source);
  if (parsed.problems.length > 0) {
    throw problemsError(parsed.problems);
  }
  const reading = new Reading(options);
  try {
    const graph = elaborate(source, parsed.statements, reading);
    if (reading.problems.length === 0) {
      return graph;
    }
  } catch (stop) {
    if (!(stop instanceof ReadingStopped)) {
      throw stop;
    }
  }
  throw problemsError(reading.problems);
}

/** The lines of a text by the positions in its graph, for messages of `checkGraph`. */
export function clickSourceLines(text: string, file: string): SourceLineLookup {
  const source = new SourceText(file, text);
  // Only for its line directives.
  lex(source);
  return (position) => source.lineOf(position);
}

function elaborate(
  source: SourceText,
  statements: ReturnType<typeof parseText>['statements'],
  reading: Reading,
): RouterGraph {
  const builder = new BodyBuilder({ reading, place: { source, offset: 0 }, depth: 0 });
  builder.addStatements(statements);
  const file = builder.finish();
  const environment = new Environment(0);
  for (const [name, value] of file.definitions) {
    environment.setDefinition(name, value);
  }
  for (const [name, value] of Object.entries(reading.options.defines ?? {})) {
    environment.setArgument(name, value);
  }
  const expansion = new Expansion(reading);
  expansion.addFile(file, environment);
  const connections = followPassages(expansion.nodes, expansion.connections, reading);
  const { nodes } = expansion;
  return {
    elements: nodes.flatMap(({ name, className, args, argPositions, place }) => {
      const position = place.source.positionAt(place.offset);
      return className === undefined ? [] : [{ name, className, args, argPositions, position }];
    }),
    connections: connections.map(({ from, fromPort, to, toPort, place }) => ({
      from: { element: nodes[from]!.name, port: fromPort },
      to: { element: nodes[to]!.name, port: toPort },
      position: place.source.positionAt(place.offset),
    })),
    requirements: reading.requirements,
  };
}
