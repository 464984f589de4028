/** Finds the elements of an old graph again in the next one, although the numbers of anonymous ones shift. */

import type { GraphElement, RouterGraph } from './router-graph.ts';

/** Equal connections of one matched pair that are paired with each other; beyond that, order decides. */
const mostPairs = 4096;

/** From names in the next graph to names in the old one. Only elements of the same class are matched. */
export function matchElements(old: RouterGraph, next: RouterGraph): Map<string, string> {
  const matching = new Matching(old, next);
  matching.matchNamed();
  // Equal arguments first: who keeps them must not lose its place to one that changed them.
  matching.matchByNeighbours((element) => element.args);
  matching.matchInOrder((element) => element.args);
  matching.matchByNeighbours(() => []);
  matching.matchSameName();
  return matching.matches;
}

export function sameArguments(one: GraphElement, other: GraphElement): boolean {
  return one.args.length === other.args.length && one.args.every((arg, index) => arg === other.args[index]);
}

/** `Class@3` and `compound/Class@3`: names that Click makes up. */
function isAnonymous(name: string): boolean {
  return /@[0-9]+(?:\/|$)/.test(name);
}

/** The name without the numbers, which shift when something is written before the element. */
function pattern(name: string): string {
  return name.replace(/@[0-9]+(?=\/|$)/g, '@');
}

/** For each element, the elements behind its connections, by direction and port numbers. */
type Neighbours = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** What elements must have in common to be matched, besides class and pattern of the name. */
type Key = (element: GraphElement) => readonly string[];

/** Where an element stands among those it could be confused with. */
interface Seat {
  readonly group: string;
  readonly index: number;
}

interface Candidate {
  readonly name: string;
  readonly from: string;
  readonly distance: number;
  /** Connections in common. */
  common: number;
}

class Matching {
  readonly matches = new Map<string, string>();
  readonly #old: RouterGraph;
  readonly #next: RouterGraph;
  readonly #taken = new Set<string>();
  readonly #oldNeighbours: Neighbours;
  readonly #nextNeighbours: Neighbours;

  constructor(old: RouterGraph, next: RouterGraph) {
    this.#old = old;
    this.#next = next;
    this.#oldNeighbours = listNeighbours(old);
    this.#nextNeighbours = listNeighbours(next);
  }

  matchNamed(): void {
    this.#matchEqualNames((name) => !isAnonymous(name));
  }

  /** The last resort: what has the same number as before. */
  matchSameName(): void {
    this.#matchEqualNames(isAnonymous);
  }

  /**
   * Matches elements that have connections to matched elements in common, most connections first. Every match makes
   * neighbours known, so this goes on until no more are found.
   */
  matchByNeighbours(key: Key): void {
    const oldSeats = seat(this.#old.elements, key, ({ name }) => !this.#taken.has(name));
    const nextSeats = seat(this.#next.elements, key, ({ name }) => !this.matches.has(name));
    const candidates = new Map<string, Candidate>();
    let frontier = [...this.matches];
    while (frontier.length > 0) {
      const touched = new Set<Candidate>();
      for (const [name, from] of frontier) {
        for (const [one, other] of this.#equalConnections(name, from)) {
          const nextSeat = nextSeats.get(one);
          const oldSeat = oldSeats.get(other);
          if (nextSeat !== undefined && nextSeat.group === oldSeat?.group) {
            const id = JSON.stringify([one, other]);
            const distance = Math.abs(nextSeat.index - oldSeat.index);
            const candidate = candidates.get(id) ?? { name: one, from: other, distance, common: 0 };
            candidates.set(id, candidate);
            candidate.common += 1;
            touched.add(candidate);
          }
        }
      }
      const ranked = [...touched].sort((a, b) => b.common - a.common || a.distance - b.distance);
      frontier = [];
      for (const { name, from } of ranked) {
        if (this.#match(name, from)) {
          frontier.push([name, from]);
        }
      }
    }
  }

  /** First with first, second with second, among those that are alike. */
  matchInOrder(key: Key): void {
    const free = new Map<string, string[]>();
    for (const [name, { group }] of seat(this.#old.elements, key, (one) => !this.#taken.has(one.name))) {
      const names = free.get(group) ?? [];
      free.set(group, names);
      names.push(name);
    }
    const used = new Map<string, number>();
    for (const [name, { group }] of seat(this.#next.elements, key, (one) => !this.matches.has(one.name))) {
      const index = used.get(group) ?? 0;
      const from = free.get(group)?.[index];
      used.set(group, index + 1);
      if (from !== undefined) {
        this.#match(name, from);
      }
    }
  }

  #matchEqualNames(isWanted: (name: string) => boolean): void {
    const oldByName = new Map(this.#old.elements.map((element) => [element.name, element]));
    for (const { name, className } of this.#next.elements) {
      if (isWanted(name) && oldByName.get(name)?.className === className) {
        this.#match(name, name);
      }
    }
  }

  /** Pairs of elements at the far ends of connections that are alike. */
  #equalConnections(name: string, from: string): [name: string, from: string][] {
    const pairs: [string, string][] = [];
    for (const [label, names] of this.#nextNeighbours.get(name) ?? []) {
      const others = this.#oldNeighbours.get(from)?.get(label) ?? [];
      if (names.length * others.length <= mostPairs) {
        for (const one of names) {
          pairs.push(...others.map((other): [string, string] => [one, other]));
        }
      }
    }
    return pairs;
  }

  #match(name: string, from: string): boolean {
    if (this.matches.has(name) || this.#taken.has(from)) {
      return false;
    }
    this.matches.set(name, from);
    this.#taken.add(from);
    return true;
  }
}

function seat(
  elements: readonly GraphElement[],
  key: Key,
  isFree: (element: GraphElement) => boolean,
): Map<string, Seat> {
  const seats = new Map<string, Seat>();
  const sizes = new Map<string, number>();
  for (const element of elements) {
    if (isAnonymous(element.name) && isFree(element)) {
      const group = JSON.stringify([pattern(element.name), element.className, ...key(element)]);
      const index = sizes.get(group) ?? 0;
      sizes.set(group, index + 1);
      seats.set(element.name, { group, index });
    }
  }
  return seats;
}

function listNeighbours({ connections }: RouterGraph): Neighbours {
  const neighbours = new Map<string, Map<string, string[]>>();
  const add = (element: string, name: string, label: string) => {
    const own = neighbours.get(element) ?? new Map<string, string[]>();
    neighbours.set(element, own);
    const names = own.get(label) ?? [];
    own.set(label, names);
    names.push(name);
  };
  for (const { from, to } of connections) {
    add(from.element, to.element, `out ${from.port} ${to.port}`);
    add(to.element, from.element, `in ${from.port} ${to.port}`);
  }
  return neighbours;
}
