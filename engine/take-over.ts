/** An engine that starts in the place of one in another process. */
import type { Configuration } from './configuration.ts';
import type { ClassCatalogue } from './datapath/class-catalogue.ts';
import type { EngineParts } from './engine-parts.ts';
import type { EngineOptions } from './engine-types.ts';
import { HotclickError } from './errors.ts';
import { designRevision } from './revision-design.ts';
import { StoreSession } from './state/store-session.ts';
import type { PrepareMessage } from './succession/messages.ts';
import type { Predecessor } from './succession/predecessor.ts';
import type { LoadedClass } from './upgrade/library-shelf.ts';
import { hotclickVersion } from './version.ts';

export interface StartingEngine {
  readonly parts: EngineParts;
  readonly threads: number;
  readonly catalogue: ClassCatalogue;
  readonly options: EngineOptions;
}

/** What a predecessor runs, or would have its successor run. */
export function handedConfiguration({ design }: Predecessor, file = 'configuration'): Configuration {
  return { text: design.graphText, graph: design.graph, file };
}

/**
 * Loads the design beside the running predecessor and, when that has let go of its store, devices and packets, runs it.
 * @throws HotclickError
 */
export async function takeOver(
  { parts, threads, catalogue, options }: StartingEngine,
  predecessor: Predecessor,
): Promise<void> {
  const { native, shardThreads, shelf, upgrader } = parts;
  const { design } = predecessor;
  await shardThreads.start(native, threads, options.cpus ?? []);
  const classes = await loadHanded(design, catalogue, shelf, options.statics);
  const { revision } = await predecessor.prepared(hotclickVersion());
  const store = await openStore(options);
  parts.useStore(store);
  const before = store.journal.current();
  if (before) store.restore(native, threads, before);
  let lastPackets: readonly bigint[] = [];
  const report = await upgrader.run({
    kind: design.kind,
    ...(design.restores === undefined ? {} : { restores: design.restores }),
    design: async () => designRevision(handedConfiguration(predecessor, options.file), classes),
    continues: {
      revision,
      whenPrepared: async () => {
        lastPackets = (await predecessor.ready()).lastPackets.map(BigInt);
      },
      breakOf: (shard) => {
        const last = lastPackets[shard] ?? 0n;
        return { breakNs: Number(process.hrtime.bigint() - last), beginNs: Number(last) };
      },
    },
  });
  predecessor.forwards(report.breaks);
}

async function openStore({ store }: EngineOptions): Promise<StoreSession> {
  if (store === undefined) throw new HotclickError('HC_SUCCESSION', 'the successor was given no store');
  return StoreSession.open(store);
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
