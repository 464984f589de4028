/** From a configuration and libraries to what a revision is. */
import { type Configuration, sourceLines } from './configuration.ts';
import type { ClassCatalogue } from './datapath/class-catalogue.ts';
import type { StaticsMode } from './engine-types.ts';
import { checkGraph } from './graph/check.ts';
import type { RouterGraph } from './graph/router-graph.ts';
import type { RevisionRecord } from './state/journal.ts';
import type { LibraryShelf, LoadedClass } from './upgrade/library-shelf.ts';
import type { RevisionDesign } from './upgrade/revision.ts';

/** Of `classes` those that the graph uses. @throws HotclickError HC_CONFIG_INVALID when they do not fit together */
export function designRevision(
  configuration: Configuration,
  classes: ReadonlyMap<string, LoadedClass>,
): RevisionDesign {
  const used = new Set(configuration.graph.elements.map(({ className }) => className));
  const kept = new Map([...classes].filter(([name]) => used.has(name)));
  const lookup = (name: string) => kept.get(name)?.elementClass;
  const checked = checkGraph(configuration.graph, lookup, sourceLines(configuration));
  return { graph: configuration.graph, graphText: configuration.text, checked, classes: kept, older: [] };
}

/**
 * The classes of a graph: those already loaded, those that an upgrade had chosen before a restart, those of the
 * catalogue.
 */
export async function loadClasses(
  from: { readonly catalogue: ClassCatalogue; readonly shelf: LibraryShelf; readonly statics: StaticsMode },
  graph: RouterGraph,
  loaded: ReadonlyMap<string, LoadedClass>,
  before?: RevisionRecord,
): Promise<Map<string, LoadedClass>> {
  const { catalogue, shelf, statics } = from;
  const classes = new Map<string, LoadedClass>();
  for (const { className } of graph.elements) {
    if (classes.has(className)) continue;
    const known = loaded.get(className);
    const earlier = before?.libraries[className];
    const file = catalogue.fileOf(className);
    if (known) classes.set(className, known);
    else if (earlier && !(earlier.installed && file !== undefined))
      classes.set(className, await shelf.reload(className, earlier));
    else if (file !== undefined)
      classes.set(className, { ...(await shelf.load(file, className, statics)), installed: true });
  }
  return classes;
}
