/** The layouts and state names a store knows, each under a short id that values refer to. */
import { createHash } from 'node:crypto';
import type { Database } from 'lmdb';
import type { SchemaInfo } from '../graph/element-class.ts';
import { pagesOf } from './data-room.ts';
import type { StateLayout } from './state-page.ts';
import { storeError } from './store-error.ts';

export interface StateName {
  readonly element: string;
  readonly state: string;
}

interface StoredLayout {
  readonly hash: string;
  readonly layout: StateLayout;
}

/** Equal for layouts that decode the same bytes in the same way; hex. */
export function layoutHash(layout: StateLayout): string {
  return createHash('sha256')
    .update(JSON.stringify(canonicalLayout(layout)))
    .digest('hex');
}

/** The layout's own fields in a fixed order: whatever else an object carries is not stored. */
function canonicalLayout(layout: StateLayout): StateLayout {
  return {
    kind: layout.kind,
    className: layout.className,
    classVersion: layout.classVersion,
    valueSchema: canonicalSchema(layout.valueSchema),
    ...(layout.keySchema === undefined ? {} : { keySchema: canonicalSchema(layout.keySchema) }),
    recordSize: layout.recordSize,
    valueOffset: layout.valueOffset,
  };
}

function canonicalSchema(schema: SchemaInfo): SchemaInfo {
  return {
    version: schema.version,
    size: schema.size,
    fields: schema.fields.map(({ name, type, offset, size, merge }) => ({
      name,
      type,
      offset,
      size,
      ...(merge === undefined ? {} : { merge }),
    })),
  };
}

/** Ids are given in memory first; `unsaved` writes them with the transaction that refers to them. */
export class StateCatalog {
  readonly #layoutTable: Database<StoredLayout, number>;
  readonly #stateTable: Database<StateName, number>;
  readonly #layouts = new Map<number, StateLayout>();
  readonly #layoutIds = new Map<string, number>();
  readonly #idsByLayout = new WeakMap<StateLayout, number>();
  readonly #states = new Map<number, StateName>();
  readonly #stateIds = new Map<string, number>();
  readonly #unsavedLayouts = new Set<number>();
  readonly #unsavedStates = new Set<number>();

  constructor(layoutTable: Database<StoredLayout, number>, stateTable: Database<StateName, number>) {
    this.#layoutTable = layoutTable;
    this.#stateTable = stateTable;
    this.refresh();
  }

  /** Ids of `layout`, new if it was never seen. Cheap for an object seen before. */
  layoutId(layout: StateLayout): number {
    const known = this.#idsByLayout.get(layout);
    if (known !== undefined) return known;
    const hash = layoutHash(layout);
    let id = this.#layoutIds.get(hash);
    if (id === undefined) {
      id = this.#layouts.size + 1;
      this.#layouts.set(id, canonicalLayout(layout));
      this.#layoutIds.set(hash, id);
      this.#unsavedLayouts.add(id);
    }
    this.#idsByLayout.set(layout, id);
    return id;
  }

  stateId(element: string, state: string): number {
    const name = `${element}\0${state}`;
    let id = this.#stateIds.get(name);
    if (id === undefined) {
      id = this.#states.size + 1;
      this.#states.set(id, { element, state });
      this.#stateIds.set(name, id);
      this.#unsavedStates.add(id);
    }
    return id;
  }

  layout(id: number): StateLayout {
    const layout = this.#layouts.get(id);
    if (layout === undefined)
      throw storeError('corrupt', `a value refers to layout ${id}, which the store does not have`);
    return layout;
  }

  state(id: number): StateName {
    const name = this.#states.get(id);
    if (name === undefined)
      throw storeError('corrupt', `a value refers to state ${id}, which the store does not have`);
    return name;
  }

  /** All states ever written, with their ids. */
  states(): readonly (StateName & { readonly id: number })[] {
    return [...this.#states].map(([id, name]) => ({ id, ...name }));
  }

  /** What must be written with the next transaction: `put` writes it, `saved` is called when it has been committed. */
  unsaved(): { readonly values: number; readonly pages: number; put(): void; saved(): void } {
    const layouts = [...this.#unsavedLayouts].map((id) => {
      const layout = this.layout(id);
      return { id, record: { hash: layoutHash(layout), layout } };
    });
    const states = [...this.#unsavedStates].map((id) => ({ id, record: this.state(id) }));
    return {
      values: layouts.length + states.length,
      pages: layouts.reduce(
        (sum, layout) => sum + pagesOf(Buffer.byteLength(JSON.stringify(layout))),
        states.length,
      ),
      put: () => {
        for (const { id, record } of layouts) void this.#layoutTable.put(id, record);
        for (const { id, record } of states) void this.#stateTable.put(id, record);
      },
      saved: () => {
        for (const { id } of layouts) this.#unsavedLayouts.delete(id);
        for (const { id } of states) this.#unsavedStates.delete(id);
      },
    };
  }

  /** Reads what another process has added since. Not between reading a value and using it: see StoredValue. */
  refresh(): void {
    for (const { key, value } of this.#layoutTable.getRange({ start: this.#layouts.size + 1 })) {
      this.#layouts.set(key, value.layout);
      this.#layoutIds.set(value.hash, key);
    }
    for (const { key, value } of this.#stateTable.getRange({ start: this.#states.size + 1 })) {
      this.#states.set(key, value);
      this.#stateIds.set(`${value.element}\0${value.state}`, key);
    }
  }
}
