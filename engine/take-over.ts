/** An engine that starts in the place of one in another process. */
import type { Configuration } from './configuration.ts';
import type { ClassCatalogue } from './datapath/class-catalogue.ts';
import type { EngineParts } from './engine-parts.ts';
import type { EngineOptions, ShardBreak } from './engine-types.ts';
import { designRevision } from './revision-design.ts';
import type { FinalMessage, PrepareMessage } from './succession/messages.ts';
import type { Predecessor } from './succession/predecessor.ts';
import { takeOverBeside } from './take-over-beside.ts';
import { takeOverKept } from './take-over-kept.ts';
import { takeOverMemory } from './take-over-memory.ts';
import { takeOverStore } from './take-over-store.ts';
import type { LoadedClass } from './upgrade/library-shelf.ts';
import type { OlderVersion } from './upgrade/older-versions.ts';
import type { ContinuedRevision } from './upgrade/transaction.ts';

export interface StartingEngine {
  readonly parts: EngineParts;
  readonly threads: number;
  readonly catalogue: ClassCatalogue;
  readonly options: EngineOptions;
  readonly predecessor: Predecessor;
  /** Taken from a holder: the predecessor has stopped already. */
  readonly final?: FinalMessage;
  /** The store cannot be used; forwarding goes on. */
  readonly onStore: (error: string) => void;
}

/** Runs the design as the continuation of a revision that the predecessor has begun; resolves with the breaks. */
export type RunDesign = (continues: ContinuedRevision) => Promise<readonly ShardBreak[]>;

/**
 * Loads the design beside the running predecessor and, when that has let go of devices, packets and store, runs it.
 * @throws HotclickError
 */
export async function takeOver(starting: StartingEngine): Promise<void> {
  const { parts, threads, catalogue, options, predecessor } = starting;
  const { design } = predecessor;
  await parts.shardThreads.start(parts.native, threads, options.cpus ?? []);
  await parts.shelf.copyFrom(Object.entries(design.libraries ?? {}));
  const classes = await loadHanded(design, catalogue, parts.shelf, options.statics);
  const configuration: Configuration = {
    text: design.graphText,
    graph: design.graph,
    file: options.file ?? 'configuration',
  };
  const run: RunDesign = async (continues) => {
    const report = await parts.upgrader.run({
      kind: design.kind,
      ...(design.restores === undefined ? {} : { restores: design.restores }),
      design: async () => ({
        ...designRevision(configuration, classes),
        older: await loadOlder(design, parts.shelf),
      }),
      continues,
    });
    return report.breaks;
  };
  const breaks = await courseOf(starting)(starting, run);
  predecessor.forwards(breaks);
}

function courseOf({ final, predecessor: { design } }: StartingEngine) {
  if (final) return takeOverKept;
  if (design.transfer) return takeOverMemory;
  return design.strategy === 'dual-main' ? takeOverBeside : takeOverStore;
}

/** Older versions that run beside the newest go on doing so. */
async function loadOlder(
  { older = [] }: PrepareMessage,
  shelf: EngineParts['shelf'],
): Promise<OlderVersion[]> {
  const versions: OlderVersion[] = [];
  for (const { name, element, args, moves, file, className, statics } of older)
    versions.push({ name, element, args, moves, loaded: await shelf.load(file, className, statics) });
  return versions;
}

/** What an upgrade had chosen comes from the predecessor's files; the rest is what this installation has. */
async function loadHanded(
  { graph, classes }: PrepareMessage,
  catalogue: ClassCatalogue,
  shelf: EngineParts['shelf'],
  statics: EngineOptions['statics'],
): Promise<ReadonlyMap<string, LoadedClass>> {
  const loaded = new Map<string, LoadedClass>();
  for (const { className } of graph.elements) {
    if (loaded.has(className)) continue;
    const handed = classes[className];
    const file = catalogue.fileOf(className);
    if (handed && !(handed.installed && file !== undefined))
      loaded.set(className, await shelf.load(handed.file, className, handed.statics));
    else if (file !== undefined)
      loaded.set(className, { ...(await shelf.load(file, className, statics)), installed: true });
  }
  return loaded;
}
