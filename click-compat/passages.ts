/** Follows connections through compounds and groups, so that only those between elements remain. */

import type { FlatConnection, FlatNode } from './expansion.ts';
import type { Reading } from './reading.ts';

/** Connections between elements, each once, in the order in which they were written. */
export function followPassages(
  nodes: readonly FlatNode[],
  connections: readonly FlatConnection[],
  reading: Reading,
): FlatConnection[] {
  const leaving = new Map<string, FlatConnection[]>();
  for (const connection of connections) {
    const key = `${connection.from}:${connection.fromPort}`;
    const list = leaving.get(key);
    if (list === undefined) {
      leaving.set(key, [connection]);
    } else {
      list.push(connection);
    }
  }
  const found = new Map<string, FlatConnection>();
  for (const start of connections) {
    if (nodes[start.from]!.className === undefined) {
      continue;
    }
    const pending = [start];
    const seen = new Set<string>();
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      reading.spend(1, start.place);
      const { className, leadsTo } = nodes[next.to]!;
      const key = `${start.from}:${start.fromPort}:${next.to}:${next.toPort}`;
      if (className !== undefined) {
        if (!found.has(key)) {
          found.set(key, { ...start, to: next.to, toPort: next.toPort });
        }
      } else if (leadsTo !== undefined && !seen.has(key)) {
        seen.add(key);
        pending.push(...(leaving.get(`${leadsTo}:${next.toPort}`) ?? []).toReversed());
      }
    }
  }
  return [...found.values()];
}
