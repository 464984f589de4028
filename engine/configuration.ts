/** A configuration as an engine is given it, read. */
import { clickSourceLines, flattenClick, parseClick } from '../click-compat/index.ts';
import type { ClassCatalogue } from './datapath/class-catalogue.ts';
import { isKnownPackage } from './graph/packages.ts';
import type { RouterGraph } from './graph/router-graph.ts';

export interface Configuration {
  readonly text: string;
  readonly file: string;
  readonly graph: RouterGraph;
}

/** @throws HotclickError HC_CONFIG_SYNTAX, HC_CONFIG_INVALID */
export function readConfiguration(
  configuration: string | RouterGraph,
  options: { file?: string; defines?: Readonly<Record<string, string>> },
  catalogue: ClassCatalogue,
): Configuration {
  const file = options.file ?? 'configuration';
  if (typeof configuration !== 'string') {
    return { file, graph: configuration, text: flattenClick(configuration) };
  }
  const defines = options.defines === undefined ? {} : { defines: { ...options.defines } };
  const isKnownClass = (className: string) => catalogue.fileOf(className) !== undefined;
  return {
    file,
    text: configuration,
    graph: parseClick(configuration, { file, isKnownClass, isKnownPackage, ...defines }),
  };
}

/** How errors show the lines of a configuration. */
export function sourceLines({ text, file }: Configuration) {
  return { sourceLine: clickSourceLines(text, file) };
}
