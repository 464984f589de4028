/** What changes between two graphs: a pure function from both to a list of actions. */

import { matchElements, sameArguments } from './match.ts';
import type { RouterGraph } from './router-graph.ts';

export type ChangeReason = 'library' | 'arguments' | 'connections';

export interface GraphAction {
  readonly kind: 'keep' | 'adopt' | 'start' | 'drain';
  /** Name in the next graph; in the old one for 'drain'. */
  readonly element: string;
  readonly className: string;
  readonly reasons: readonly ChangeReason[];
  /** For 'keep' and 'adopt': the element's name in the old graph. It differs when anonymous numbers shifted. */
  readonly from?: string;
}

/**
 * The actions that lead from one graph to the next, in this order: one for each element of the next graph, in its
 * order ('keep', 'adopt' or 'start'), then 'drain' for what is left of the old one, in its order.
 *
 * - keep: same class and arguments, same library. Instance and state stay; with the reason 'connections' its ports
 *   are linked anew.
 * - adopt: a new instance takes over the state, because the arguments or the library changed.
 * - start: there is nothing to take over.
 * - drain: the element is in no place of the next graph.
 *
 * @param classChanged tells whether the library of a class is another one than the old graph runs.
 */
export function diffGraphs(
  old: RouterGraph,
  next: RouterGraph,
  classChanged: (className: string) => boolean,
): GraphAction[] {
  const matches = matchElements(old, next);
  const oldByName = new Map(old.elements.map((element) => [element.name, element]));
  const rewired = rewiredElements(old, next, matches);
  const actions = next.elements.map((element): GraphAction => {
    const from = matches.get(element.name);
    const previous = from === undefined ? undefined : oldByName.get(from);
    if (previous === undefined) {
      return { kind: 'start', element: element.name, className: element.className, reasons: [] };
    }
    const reasons: ChangeReason[] = [];
    if (classChanged(element.className)) {
      reasons.push('library');
    }
    if (!sameArguments(previous, element)) {
      reasons.push('arguments');
    }
    const kind = reasons.length > 0 ? 'adopt' : 'keep';
    if (rewired.has(element.name)) {
      reasons.push('connections');
    }
    return { kind, element: element.name, className: element.className, reasons, from: previous.name };
  });
  const taken = new Set(matches.values());
  for (const { name, className } of old.elements) {
    if (!taken.has(name)) {
      actions.push({ kind: 'drain', element: name, className, reasons: [] });
    }
  }
  return actions;
}

/** Elements of the next graph one of whose connections is new, or that lost one. */
function rewiredElements(
  old: RouterGraph,
  next: RouterGraph,
  matches: ReadonlyMap<string, string>,
): Set<string> {
  const nextName = new Map([...matches].map(([name, from]) => [from, name]));
  const describe = (graph: RouterGraph, nameOf: (name: string) => string) =>
    new Map(
      graph.connections.map(({ from, to }) => [
        JSON.stringify([nameOf(from.element), from.port, nameOf(to.element), to.port]),
        [nameOf(from.element), nameOf(to.element)],
      ]),
    );
  // An old element that nothing follows keeps a name that no element of the next graph can have here.
  const before = describe(old, (name) => nextName.get(name) ?? `old:${name}`);
  const after = describe(next, (name) => (matches.has(name) ? name : `new:${name}`));
  const rewired = new Set<string>();
  for (const [one, other] of [
    [before, after],
    [after, before],
  ] as const) {
    for (const [key, ends] of one) {
      if (!other.has(key)) {
        for (const end of ends) {
          rewired.add(end);
        }
      }
    }
  }
  return rewired;
}
