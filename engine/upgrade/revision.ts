/** A revision as the engine holds it in memory, and how it becomes a plan for the datapath. */
import type { GraphPlan, NodePlan } from '../datapath/addon.ts';
import type { PlannedAction, StaticsReport } from '../engine-types.ts';
import type { CheckedElement, CheckedGraph } from '../graph/check.ts';
import type { GraphAction } from '../graph/diff.ts';
import type { ElementClass, StateInfo } from '../graph/element-class.ts';
import type { RouterGraph } from '../graph/router-graph.ts';
import type { LoadedClass } from './library-shelf.ts';
import type { OlderVersion } from './older-versions.ts';
import { conversionOf, sameLayout } from './verify/schema-path.ts';

export interface Revision {
  readonly number: number;
  readonly graph: RouterGraph;
  readonly graphText: string;
  readonly checked: CheckedGraph;
  readonly classes: ReadonlyMap<string, LoadedClass>;
  /** Older versions of elements that run beside the newest, oldest first. */
  readonly older: readonly OlderVersion[];
}

/** Everything of a revision but its number, which the journal gives. */
export type RevisionDesign = Omit<Revision, 'number'>;

/** The state of that name that an element has; undefined for none. */
export function stateOf({ checked }: RevisionDesign, element: string, state: string): StateInfo | undefined {
  return checked.byName.get(element)?.elementClass.states.find(({ name }) => name === state);
}

/** The plan for the native engine. A kept element whose port counts changed gets a new instance. */
export function graphPlan(
  next: RevisionDesign,
  running: RevisionDesign | undefined,
  actions: readonly GraphAction[],
): GraphPlan {
  const byElement = new Map(
    actions.filter(({ kind }) => kind !== 'drain').map((action) => [action.element, action]),
  );
  const older = new Set(running?.older.map(({ name }) => name));
  const nodes = next.checked.elements.map((checked): NodePlan => {
    const { element } = checked;
    const action = byElement.get(element.name);
    return {
      ...placeOf(checked),
      name: element.name,
      className: element.className,
      args: element.args,
      library: next.classes.get(element.className)!.library,
      predecessor: action?.from ?? '',
      keep:
        action?.kind === 'keep' && samePorts(checked, running, action.from) && action.from === element.name,
      fresh:
        running !== undefined &&
        next.older.some((version) => version.element === element.name && !older.has(version.name)),
      newest: '',
      moves: false,
    };
  });
  for (const { name, element, args, loaded, moves } of next.older) {
    const from = older.has(name)
      ? running?.older.find((version) => version.name === name)?.element
      : byElement.get(element)?.from;
    const checked = next.checked.byName.get(element)!;
    nodes.push({
      ...placeOf(checked),
      name,
      className: loaded.className,
      args,
      library: loaded.library,
      predecessor: running ? (older.has(name) ? name : (from ?? '')) : '',
      keep: from === element && samePorts(checked, running, from),
      fresh: false,
      newest: element,
      moves,
    });
  }
  return { nodes, edges: edgesOf(next, nodes) };
}

function placeOf({ inputs, outputs }: CheckedElement): { inputs: number; outputs: number } {
  return { inputs: inputs.length, outputs: outputs.length };
}

function samePorts(
  { inputs, outputs }: CheckedElement,
  running: RevisionDesign | undefined,
  from: string | undefined,
): boolean {
  const before = from === undefined ? undefined : running?.checked.byName.get(from);
  return before?.inputs.length === inputs.length && before.outputs.length === outputs.length;
}

/** Outputs of an older version lead where those of the newest lead; packets come to it through the newest's inputs. */
function edgesOf({ graph, checked, older }: RevisionDesign, nodes: readonly NodePlan[]): Uint32Array {
  const index = new Map(nodes.map(({ name }, i) => [name, i]));
  const edges = graph.connections.flatMap(({ from, to }) => {
    const push = checked.byName.get(from.element)!.outputs[from.port] === 'push';
    const versions = older.filter(({ element }) => element === from.element).map(({ name }) => name);
    return [from.element, ...versions].flatMap((name) => [
      index.get(name)!,
      from.port,
      index.get(to.element)!,
      to.port,
      push ? 1 : 0,
    ]);
  });
  return Uint32Array.from(edges);
}

/** Tables in use, by 'element/state': records and memory of all shards. */
export type LiveStates = ReadonlyMap<string, { readonly records: number; readonly bytes: number }>;

/** What is done with each state: for people, and for --dry-run. */
export function plannedActions(
  actions: readonly GraphAction[],
  next: RevisionDesign,
  running: RevisionDesign | undefined,
  statics: readonly StaticsReport[] = [],
  live: LiveStates = new Map(),
): PlannedAction[] {
  return actions.map((action) => {
    const to = action.kind === 'drain' ? undefined : next.classes.get(action.className);
    const from = action.kind === 'start' ? undefined : running?.classes.get(action.className);
    const changed = to && from && to.sha256 !== from.sha256 && to.version !== from.version;
    return {
      kind: action.kind,
      element: action.element,
      className: action.className,
      ...(action.from !== undefined && action.from !== action.element ? { from: action.from } : {}),
      reasons: action.reasons,
      ...(changed ? { versions: { from: from.version, to: to.version } } : {}),
      states: [
        ...stateActions(action, from?.elementClass, to?.elementClass, live),
        ...staticsActions(action, statics),
      ],
    };
  });
}

function stateActions(
  action: GraphAction,
  from: ElementClass | undefined,
  to: ElementClass | undefined,
  live: LiveStates,
): PlannedAction['states'] {
  if (action.kind === 'keep') return [];
  const names = new Set([...(to?.states ?? []), ...(from?.states ?? [])].map(({ name }) => name));
  return [...names].map((name) => {
    const before = from?.states.find((state) => state.name === name);
    const after = to?.states.find((state) => state.name === name);
    const state = (after ?? before)!;
    const conversion = before && after ? conversionOf(before, after) : undefined;
    const used = state.kind === 'table' ? live.get(`${action.from ?? action.element}/${name}`) : undefined;
    return {
      name,
      kind: state.kind,
      how: howOf(before, after),
      bytes: used?.bytes ?? state.schema.size,
      ...(used ? { records: used.records } : {}),
      ...(conversion ? { conversion } : {}),
    };
  });
}

/** Undeclared statics belong to the library: said with each of its elements. */
function staticsActions(action: GraphAction, statics: readonly StaticsReport[]): PlannedAction['states'] {
  const change = statics.find(({ className }) => className === action.className);
  return change ? [{ name: '.statics', kind: 'statics', how: change.how, bytes: change.bytes }] : [];
}

function howOf(before: StateInfo | undefined, after: StateInfo | undefined): string {
  if (!after) return 'lost';
  if (!before) return 'new';
  if (!sameLayout(before.schema, after.schema)) return 'converted';
  return after.kind === 'table' ? 'adopted' : 'mapped';
}
