/** What `hotclick state ls` and `hotclick state get` answer from a store, running engine or not. */
import { HotclickError } from '../errors.ts';
import type { SchemaInfo } from '../graph/element-class.ts';
import {
  countRecords,
  type DecodedRecord,
  decodeRecord,
  decodeStatic,
  type FieldValues,
  rawRecords,
} from './decode.ts';
import { compileFilter, filterFields, parseFilter, type RecordTest, unknownFields } from './filter.ts';
import type { StateLayout } from './state-page.ts';
import type { StateStore } from './store.ts';

export interface StateSummary {
  readonly element: string;
  readonly state: string;
  readonly kind: StateLayout['kind'];
  readonly className: string;
  readonly classVersion: string;
  readonly shards: readonly number[];
  /** Live records; 1 for each shard of static state. */
  readonly records: number;
  readonly bytes: number;
  /** The newest layout in use; pages of older ones are counted in `olderPages`. */
  readonly schema: SchemaInfo;
  readonly keySchema?: SchemaInfo;
  readonly olderPages: number;
}

export interface StateRow extends Partial<DecodedRecord> {
  readonly shard: number;
  /** Of the class, where versions run side by side: the one that knows the record. */
  readonly version?: string;
  readonly value: FieldValues;
}

export interface TableContents {
  readonly element: string;
  readonly state: string;
  readonly kind: StateLayout['kind'];
  readonly rows: readonly StateRow[];
  /** Rows that pass the filter; more than `rows` when a limit cut them. */
  readonly matched: number;
}

export interface GetOptions {
  /** See filter.ts. Tables only. */
  readonly filter?: string;
  /** Rows to return at most. */
  readonly limit?: number;
  readonly revision?: number;
}

/** All states that have anything stored, by element and state name. */
export function listStates(store: StateStore, revision?: number): StateSummary[] {
  const summaries = new Map<string, SummaryBuilder>();
  for (const { address, layout, data } of store.loadState(revision)) {
    const name = `${address.element}\0${address.state}`;
    let summary = summaries.get(name);
    if (summary === undefined) {
      summary = new SummaryBuilder(address.element, address.state, store);
      summaries.set(name, summary);
    }
    summary.add(address.shard, layout, data);
  }
  return [...summaries.values()].map((summary) => summary.build()).sort(byName);
}

/**
 * The rows of one state. `table` is 'element/state', or just the element where it has one state; where versions of the
 * element run side by side, those of all, and with the name of an older version only its own. Errors: HC_ARGUMENT for an unknown or ambiguous name, an unknown field, or a value that is not of the field's type.
 */
export function getTable(store: StateStore, table: string, options: GetOptions = {}): TableContents {
  const versions = findVersions(listStates(store, options.revision), table);
  const test = compileTests(versions[0], options, store);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const rows: StateRow[] = [];
  let matched = 0;
  const sideBySide = versions.some(({ element }) => element.includes('~'));
  for (const summary of versions) {
    const version = sideBySide ? { version: summary.classVersion } : {};
    for (const { address, layout, page, data } of store.loadState(options.revision, summary)) {
      const row = { shard: address.shard, ...version };
      if (page === undefined) {
        if (matched++ < limit) rows.push({ ...row, value: decodeStatic(layout, data) });
        continue;
      }
      const passes = test(layout);
      for (const record of rawRecords(layout, page, data)) {
        if (!passes(record, address.shard)) continue;
        if (matched++ < limit) rows.push({ ...row, ...decodeRecord(layout, record) });
      }
    }
  }
  const { element, state, kind } = versions[0];
  return { element: table.includes('~') ? element : newestName(element), state, kind, rows, matched };
}

/** The states that a user's name means: the newest version's first, then those of older versions beside it. */
function findVersions(states: readonly StateSummary[], table: string): [StateSummary, ...StateSummary[]] {
  const exact = states.filter(({ element, state }) => `${newestName(element)}/${state}` === table);
  const [first, ...others] =
    exact.length > 0 ? exact : states.filter(({ element }) => newestName(element) === table);
  if (first && others.every((one) => one.state === first.state)) return [first, ...others];
  return [findState(states, table)];
}

/** The element beside whose newest version an older one runs; see engine/upgrade/older-versions.ts. */
function newestName(element: string): string {
  return element.split('~')[0]!;
}

/** The one state of that name. */
function findState(states: readonly StateSummary[], table: string): StateSummary {
  const exact = states.filter(({ element, state }) => `${element}/${state}` === table);
  const found = exact.length > 0 ? exact : states.filter(({ element }) => element === table);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const names = (found.length > 0 ? found : states).map(({ element, state }) => `${element}/${state}`);
  throw new HotclickError(
    'HC_ARGUMENT',
    found.length > 0 ? `'${table}' has several states: ${names.join(', ')}` : `no state is called '${table}'`,
    {
      hint: names.length === 0 ? 'the store holds no state' : `states: ${names.join(', ')}`,
      details: { names },
    },
  );
}

/** Compiles the filter once for each layout; fields must be known to the newest. */
function compileTests(summary: StateSummary, { filter, revision }: GetOptions, store: StateStore) {
  const conditions = filter === undefined || filter.trim() === '' ? [] : parseFilter(filter);
  const newest = newestLayout(store, summary, revision);
  const unknown = newest === undefined ? [] : unknownFields(conditions, newest);
  if (newest !== undefined && unknown.length > 0) {
    throw new HotclickError(
      'HC_ARGUMENT',
      `${summary.element}/${summary.state} has no field '${unknown[0]}'`,
      {
        hint: `fields: ${filterFields(newest).join(', ')}`,
      },
    );
  }
  const tests = new Map<StateLayout, RecordTest>();
  return (layout: StateLayout): RecordTest => {
    const test = tests.get(layout) ?? compileFilter(conditions, layout);
    tests.set(layout, test);
    return test;
  };
}

function newestLayout(store: StateStore, summary: StateSummary, revision?: number): StateLayout | undefined {
  let newest: StateLayout | undefined;
  let newestId = 0;
  for (const { layout } of store.loadState(revision, summary)) {
    const id = store.catalog.layoutId(layout);
    if (id > newestId) [newest, newestId] = [layout, id];
  }
  return newest;
}

class SummaryBuilder {
  readonly #element: string;
  readonly #state: string;
  readonly #store: StateStore;
  readonly #shards = new Set<number>();
  readonly #pagesByLayout = new Map<number, number>();
  #records = 0;
  #bytes = 0;

  constructor(element: string, state: string, store: StateStore) {
    this.#element = element;
    this.#state = state;
    this.#store = store;
  }

  add(shard: number, layout: StateLayout, data: Uint8Array): void {
    const id = this.#store.catalog.layoutId(layout);
    this.#shards.add(shard);
    this.#pagesByLayout.set(id, (this.#pagesByLayout.get(id) ?? 0) + 1);
    this.#records += layout.kind === 'table' ? countRecords(data) : 1;
    this.#bytes += data.length;
  }

  build(): StateSummary {
    const newest = Math.max(...this.#pagesByLayout.keys());
    const layout = this.#store.catalog.layout(newest);
    const pages = [...this.#pagesByLayout.values()].reduce((sum, count) => sum + count, 0);
    return {
      element: this.#element,
      state: this.#state,
      kind: layout.kind,
      className: layout.className,
      classVersion: layout.classVersion,
      shards: [...this.#shards].sort((a, b) => a - b),
      records: this.#records,
      bytes: this.#bytes,
      schema: layout.valueSchema,
      ...(layout.keySchema === undefined ? {} : { keySchema: layout.keySchema }),
      olderPages: pages - (this.#pagesByLayout.get(newest) ?? 0),
    };
  }
}

function byName(a: StateSummary, b: StateSummary): number {
  const [first, second] = [`${a.element}/${a.state}`, `${b.element}/${b.state}`];
  return first < second ? -1 : first > second ? 1 : 0;
}
