/**
 * Who lost the packets that did not arrive. The sink's own socket, the kernel's queues on the way and the engine all
 * count what they drop, so each missing packet is charged to the first of them that has a drop left to explain it.
 */
export interface DropCounters {
  /** Packets for which the rings between kernel and engine had no room. */
  readonly rings: number;
  /** Packets that elements dropped, by 'element: reason'. */
  readonly elements: Readonly<Record<string, number>>;
  /** Packets that the kernel's queues behind the laboratory's devices refused. */
  readonly devices: number;
}

export interface Attribution {
  /** No room in the sink's socket: neither the engine's loss nor the network's. */
  readonly sink: number;
  readonly rings: number;
  readonly elements: Readonly<Record<string, number>>;
  readonly devices: number;
  /** Nobody counted them. */
  readonly unexplained: number;
}

/** What was counted between two readings. A counter that went back began anew. */
export function countedBetween(before: DropCounters, after: DropCounters): DropCounters {
  const since = (was: number, is: number): number => (is >= was ? is - was : is);
  const elements: Record<string, number> = {};
  for (const [name, count] of Object.entries(after.elements)) {
    const more = since(before.elements[name] ?? 0, count);
    if (more > 0) elements[name] = more;
  }
  return {
    rings: since(before.rings, after.rings),
    elements,
    devices: since(before.devices, after.devices),
  };
}

/** `counted` may hold drops of other traffic as well: no more is charged than was missing. */
export function attribute(missing: number, sinkDrops: number, counted: DropCounters): Attribution {
  let left = missing;
  const take = (dropped: number): number => {
    const taken = Math.min(left, dropped);
    left -= taken;
    return taken;
  };
  const sink = take(sinkDrops);
  const elements: Record<string, number> = {};
  for (const [name, count] of Object.entries(counted.elements)) {
    const taken = take(count);
    if (taken > 0) elements[name] = taken;
  }
  return { sink, elements, rings: take(counted.rings), devices: take(counted.devices), unexplained: left };
}

/** In words, largest first; empty when nothing was lost. */
export function explain(attribution: Attribution): string {
  const parts: [string, number][] = [
    ['the sink', attribution.sink],
    ...Object.entries(attribution.elements),
    ['receive rings', attribution.rings],
    ['kernel queues', attribution.devices],
    ['nobody counted them', attribution.unexplained],
  ];
  return parts
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
