/** Which output goes to which input in one arrow of a chain. Source: Click manual, click(5), "Connections". */

export interface PortSlot {
  readonly node: number;
  /** Ports that are written, or that an element group has. Empty: none are written, port 0 is meant. */
  readonly ports: readonly number[];
  /** Further ports may be added, as many as the other side needs. */
  readonly expandable: boolean;
}

export interface NodePort {
  readonly node: number;
  readonly port: number;
}

export interface Pairing {
  readonly pairs: readonly (readonly [from: NodePort, to: NodePort])[];
  /** Why the sides do not fit. */
  readonly problem?: { readonly message: string; readonly isSyntax: boolean };
}

export function pairPorts(
  outputs: readonly PortSlot[],
  inputs: readonly PortSlot[],
  arrow: '->' | '=>',
): Pairing {
  let from = measure(outputs);
  let to = measure(inputs);
  if (from.expandable + to.expandable > 1) {
    return refuse('at most one expandable port allowed per connection', false);
  }
  if (arrow === '=>') {
    from = { ...from, expandable: isImplicitlyExpandable(outputs, from, to) ? 1 : from.expandable };
    to = { ...to, expandable: isImplicitlyExpandable(inputs, to, from) ? 1 : to.expandable };
  }
  const isManyFrom = from.count > 1 || from.expandable > 0;
  const isManyTo = to.count > 1 || to.expandable > 0;
  if (isManyFrom && isManyTo) {
    if (arrow !== '=>') {
      return refuse("syntax error: many-to-many connections require '=>'", true);
    }
    const misses =
      from.count < to.count ? from.expandable === 0 : to.count < from.count && to.expandable === 0;
    if (misses) {
      return refuse(mismatch(from, to), false);
    }
  }
  const left = listPorts(outputs, from, to.count);
  const right = listPorts(inputs, to, from.count);
  const length = Math.max(left.length, right.length);
  return {
    pairs: Array.from({ length }, (_, index) => [
      left[isManyFrom ? index : 0]!,
      right[isManyTo ? index : 0]!,
    ]),
  };
}

interface Side {
  /** Ports at the least. */
  readonly count: number;
  /** Number of slots that can be expanded. */
  readonly expandable: number;
}

function measure(slots: readonly PortSlot[]): Side {
  let count = 0;
  let expandable = 0;
  for (const slot of slots) {
    count += Math.max(1, slot.ports.length);
    expandable += slot.expandable ? 1 : 0;
  }
  return { count, expandable };
}

/** With `=>`, one element without written ports stands for as many of its ports as the other side has. */
function isImplicitlyExpandable(slots: readonly PortSlot[], own: Side, other: Side): boolean {
  return own.count === 1 && other.count > 1 && slots[0]?.ports.length === 0;
}

function listPorts(slots: readonly PortSlot[], own: Side, otherCount: number): NodePort[] {
  const missing = own.expandable > 0 ? Math.max(0, otherCount - own.count) : 0;
  const implicit = own.expandable > 0 && !slots.some((slot) => slot.expandable);
  return slots.flatMap(({ node, ports, expandable }) => {
    const list = ports.length === 0 ? [0] : [...ports];
    if (expandable || implicit) {
      const next = list.at(-1)! + 1;
      list.push(...Array.from({ length: missing }, (_, index) => next + index));
    }
    return list.map((port) => ({ node, port }));
  });
}

function mismatch(from: Side, to: Side): string {
  const outputs = `${from.count}${from.expandable > 0 ? ' or more' : ''} outputs`;
  const inputs = `${to.count}${to.expandable > 0 ? ' or more' : ''} inputs`;
  return `connection mismatch: ${outputs} connected to ${inputs}`;
}

function refuse(message: string, isSyntax: boolean): Pairing {
  return { pairs: [], problem: { message, isSyntax } };
}
