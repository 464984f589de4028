/** What the shards of an engine publish, as the store wants it. */
import type { NativeEngine } from '../datapath/addon.ts';
import { type ElementClass, type StateInfo, storedState } from '../graph/element-class.ts';
import { classOf } from '../upgrade/older-versions.ts';
import type { Revision, RevisionDesign } from '../upgrade/revision.ts';
import type { PublishedPage, PublishedState, PublishedStatic, StateLayout } from './state-page.ts';
import type { StateSource } from './syncer.ts';

/** Size of hc_record, the header that stands before key and value in memory and is not stored. */
const recordHeader = 16;

/** How the bytes of a declared state are read; native/state/flow_table.cc: TableLayout::of. */
export function layoutOf(elementClass: ElementClass, state: StateInfo): StateLayout {
  const { className, version: classVersion } = elementClass;
  const base = { kind: state.kind, className, classVersion, valueSchema: state.schema };
  if (state.kind !== 'table' || !state.key) return { ...base, recordSize: state.schema.size, valueOffset: 0 };
  const valueOffset = ((recordHeader + state.key.size + 7) & ~7) - recordHeader;
  return { ...base, keySchema: state.key, valueOffset, recordSize: valueOffset + state.schema.size };
}

export interface PublicationStats {
  /** ns the shards spent on the last collection, all together, and the longest single step. */
  readonly spentNs: number;
  readonly longestNs: number;
}

/** What is known of the revisions that shards run: during an upgrade two of them. */
export interface RunningRevisions {
  readonly running: Revision | undefined;
  /** By the number that `prepare` gave. */
  design(prepared: number): RevisionDesign | undefined;
}

/** Collects from all shards. One collection carries all that was dirty when it began. */
export class Publication implements StateSource {
  readonly #engine: Pick<NativeEngine, 'publish'>;
  readonly #shards: number;
  readonly #revisions: RunningRevisions;
  readonly #layouts = new WeakMap<StateInfo, StateLayout>();
  #stats: PublicationStats = { spentNs: 0, longestNs: 0 };

  constructor(engine: Pick<NativeEngine, 'publish'>, shards: number, revisions: RunningRevisions) {
    this.#engine = engine;
    this.#shards = shards;
    this.#revisions = revisions;
  }

  get stats(): PublicationStats {
    return this.#stats;
  }

  async collect(): Promise<PublishedState> {
    const revision = this.#revisions.running;
    if (!revision) return { revision: 0, pages: [], statics: [] };
    const collected = { pages: [] as PublishedPage[], statics: [] as PublishedStatic[] };
    let spentNs = 0;
    let longestNs = 0;
    for (let shard = 0; shard < this.#shards; ++shard) {
      let more = true;
      while (more) {
        const bytes = await this.#engine.publish(shard);
        // Not always the running revision's: while an upgrade rolls, some shards run the next one already.
        const published = this.#revisions.design(bytes.revision);
        spentNs += bytes.spentNs;
        longestNs = Math.max(longestNs, bytes.longestNs);
        for (const [element, state, kind, page, offset, size] of bytes.entries) {
          const data = bytes.data.subarray(offset, offset + size);
          const elementClass = published && classOf(published, element);
          const info = elementClass && storedState(elementClass, state);
          if (!info) continue;
          const layout = this.#layoutOf(elementClass, info);
          if (kind === 'table') collected.pages.push({ element, state, shard, page, layout, data });
          else {
            const owner = kind === 'section' ? elementClass.className : element;
            collected.statics.push({ element: owner, state, shard, layout, data });
          }
        }
        more = bytes.more && !bytes.stale;
      }
    }
    this.#stats = { spentNs, longestNs };
    return { revision: revision.number, shards: this.#shards, ...collected };
  }

  #layoutOf(elementClass: ElementClass, state: StateInfo): StateLayout {
    const known = this.#layouts.get(state);
    if (known) return known;
    const layout = layoutOf(elementClass, state);
    this.#layouts.set(state, layout);
    return layout;
  }
}
