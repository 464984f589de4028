/**
 * Versions side by side (`newFlowsOnly`): the older versions of elements that go on beside the newest one, until their
 * flows have ended or their records have moved. Which there are after a change is a pure function of what runs and what
 * is to run; docs/design/pinning.md has the rules.
 */
import { isOfProcesses, type PlannedAction, type UpgradeOptions } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { CheckedElement } from '../graph/check.ts';
import type { GraphAction } from '../graph/diff.ts';
import type { ElementClass } from '../graph/element-class.ts';
import type { RouterGraph } from '../graph/router-graph.ts';
import type { OlderVersionRecord } from '../state/journal.ts';
import type { LibraryShelf, LoadedClass } from './library-shelf.ts';
import type { Revision, RevisionDesign } from './revision.ts';

export interface OlderVersion {
  /** ELEMENT~REVISION, after the last revision that ran it as the newest: its name for handlers and in the store. */
  readonly name: string;
  /** The element of the graph beside whose newest version it runs. */
  readonly element: string;
  readonly args: readonly string[];
  readonly loaded: LoadedClass;
  /** Its records move to the newest version; otherwise they stay until they end. */
  readonly moves: boolean;
}

/**
 * The older versions after a change. One that is not touched goes on; where an element changes for all flows, the
 * records of its older versions move; with `newFlowsOnly` what runs now becomes an older version.
 * @throws HotclickError HC_PINNING when a class that changes does not tell which flows it knows
 */
export function olderVersions(
  running: Revision,
  actions: readonly GraphAction[],
  { newFlowsOnly = false, strategy }: Pick<UpgradeOptions, 'newFlowsOnly' | 'strategy'>,
): OlderVersion[] {
  const after = new Map(actions.filter(({ kind }) => kind !== 'drain').map((one) => [one.from, one]));
  const kept = running.older.flatMap((version): OlderVersion[] => {
    const action = after.get(version.element);
    if (!action) return [];
    const moves = version.moves || (action.kind === 'adopt' && !newFlowsOnly);
    return [{ ...version, element: action.element, moves }];
  });
  if (!newFlowsOnly) return kept;
  if (strategy === 'core' || isOfProcesses(strategy)) {
    throw new HotclickError('HC_PINNING', `versions cannot run side by side across strategy ${strategy}`, {
      hint: 'leave out --new-flows-only, or choose a strategy that leaves the datapath core where it is',
    });
  }
  const changed = actions.filter(({ kind }) => kind === 'adopt');
  return [...kept, ...changed.map((action) => becomesOlder(running, action))];
}

function becomesOlder(running: Revision, { element, className, from }: GraphAction): OlderVersion {
  const { args } = running.graph.elements.find(({ name }) => name === from)!;
  const loaded = running.classes.get(className)!;
  const { elementClass, version } = loaded;
  const refuse = (why: string, hint: string): never => {
    throw new HotclickError('HC_PINNING', `${element} cannot run in two versions: ${why}`, { hint });
  };
  if (!elementClass.knowsFlows) {
    refuse(
      `${className} ${version} does not say which flows it knows`,
      'leave out --new-flows-only, or give the class a knows()',
    );
  }
  const section = elementClass.states.find(({ kind }) => kind === 'section');
  if (section || elementClass.statics) {
    refuse(
      `both would have the static variables ${section ? `'${section.name}' ` : ''}of ${className}`,
      'leave out --new-flows-only, or make them state of the instance',
    );
  }
  if (running.checked.byName.get(from!)!.inputs.includes('pull'))
    refuse('it pulls packets', 'leave out --new-flows-only');
  return { name: `${from}~${running.number}`, element, args, loaded, moves: false };
}

/** Whether the action brings a new version of an element that runs: in the place of the old one, or beside it. */
export function isNewVersion({ kind }: PlannedAction): boolean {
  return kind === 'adopt' || kind === 'pin';
}

/** The plan for people, with what becomes of versions side by side. */
export function withOlderVersions(
  actions: readonly PlannedAction[],
  next: RevisionDesign,
  running: RevisionDesign | undefined,
): PlannedAction[] {
  const known = new Set(running?.older.map(({ name }) => name));
  const begun = new Set(next.older.filter(({ name }) => !known.has(name)).map(({ element }) => element));
  const newest = actions.map((action): PlannedAction => {
    if (action.kind !== 'adopt' || !begun.has(action.element)) return action;
    const states = action.states.map((state) => ({
      ...state,
      how: state.kind === 'table' ? 'new' : 'copied',
    }));
    return { ...action, kind: 'pin', states };
  });
  const others = next.older
    .filter(({ name }) => known.has(name))
    .map(({ name, element, loaded, moves }): PlannedAction => {
      const versions = { from: loaded.version, to: next.classes.get(loaded.className)!.version };
      const tables = loaded.elementClass.states.filter(({ kind }) => moves && kind === 'table');
      return {
        kind: moves ? 'move' : 'keep',
        element: moves ? element : name,
        className: loaded.className,
        ...(moves ? { from: name, versions } : {}),
        reasons: [],
        states: tables.map(({ name, kind, schema }) => ({ name, kind, how: 'moved', bytes: schema.size })),
      };
    });
  return [...newest, ...others];
}

/** The class behind a name of the datapath's graph: an element's, or that of an older version. */
export function classOf(design: RevisionDesign, name: string): ElementClass | undefined {
  return elementOf(design, name)?.elementClass;
}

/** An element of the datapath's graph as it was declared and checked; for an older version, with its class and arguments. */
export function elementOf(design: RevisionDesign, name: string): CheckedElement | undefined {
  const known = design.checked.byName.get(name);
  const version = known ? undefined : design.older.find((one) => one.name === name);
  const newest = version && design.checked.byName.get(version.element);
  if (!version || !newest) return known;
  const { args, loaded } = version;
  return { ...newest, element: { ...newest.element, name, args }, elementClass: loaded.elementClass };
}

/** All libraries that a revision needs. */
export function librariesOf({ classes, older }: RevisionDesign): LoadedClass[] {
  return [...classes.values(), ...older.map(({ loaded }) => loaded)];
}

export function recordOlder(versions: readonly OlderVersion[]): OlderVersionRecord[] {
  return versions.map(({ name, element, args, moves, loaded: { className, version, sha256 } }) => ({
    name,
    element,
    className,
    args,
    moves,
    version,
    sha256,
  }));
}

/** What ran side by side when the engine ended, as far as the graph still has the elements. */
export async function reloadOlder(
  shelf: Pick<LibraryShelf, 'reload'>,
  graph: RouterGraph,
  records: readonly OlderVersionRecord[],
): Promise<OlderVersion[]> {
  const versions: OlderVersion[] = [];
  for (const record of records) {
    const { name, element, className, args, moves } = record;
    const same = graph.elements.some((one) => one.name === element && one.className === className);
    if (!same || record.endedAt !== undefined) continue;
    versions.push({ name, element, args, moves, loaded: await shelf.reload(className, record) });
  }
  return versions;
}
