/** Push and pull: what the agnostic ports of a graph become. */

import type { Processing } from './port-codes.ts';

/** One element's ports. */
export interface PortProcessing {
  readonly inputs: readonly Processing[];
  readonly outputs: readonly Processing[];
  /** Agnostic inputs and outputs that have to be alike because packets flow between them. */
  readonly flows: readonly (readonly [input: number, output: number])[];
}

/** A connection, by the numbers of its elements. */
export interface Wire {
  readonly from: number;
  readonly fromPort: number;
  readonly to: number;
  readonly toPort: number;
}

export type ProcessingConflict =
  /** A push output meets a pull input, or the other way round. */
  | { readonly kind: 'connection'; readonly wire: Wire; readonly from: 'push' | 'pull' }
  /** An agnostic element is push on one side and pull on the other. */
  | {
      readonly kind: 'inside';
      readonly element: number;
      readonly input: number;
      readonly output: number;
      readonly from: 'push' | 'pull';
    };

export interface ResolvedProcessing {
  /** Per element, per port. */
  readonly inputs: readonly (readonly ('push' | 'pull')[])[];
  readonly outputs: readonly (readonly ('push' | 'pull')[])[];
  readonly conflicts: readonly ProcessingConflict[];
}

/** Two ports that have to be alike. */
interface Tie {
  readonly from: number;
  readonly to: number;
  readonly conflict: (from: 'push' | 'pull') => ProcessingConflict;
}

/**
 * Spreads push and pull along the connections and, at agnostic ports, along the flow inside elements. Ports that
 * nothing decides become push.
 */
export function resolveProcessing(
  elements: readonly PortProcessing[],
  wires: readonly Wire[],
): ResolvedProcessing {
  const known: Processing[] = [];
  const firstInput: number[] = [];
  const firstOutput: number[] = [];
  for (const { inputs, outputs } of elements) {
    firstInput.push(known.length);
    known.push(...inputs);
    firstOutput.push(known.length);
    known.push(...outputs);
  }

  const ties: Tie[] = wires.map((wire) => ({
    from: firstOutput[wire.from]! + wire.fromPort,
    to: firstInput[wire.to]! + wire.toPort,
    conflict: (from) => ({ kind: 'connection', wire, from }),
  }));
  for (const [element, { flows }] of elements.entries()) {
    for (const [input, output] of flows) {
      ties.push({
        from: firstOutput[element]! + output,
        to: firstInput[element]! + input,
        conflict: (from) => ({ kind: 'inside', element, input, output, from }),
      });
    }
  }

  spread(known, ties);
  const conflicts = ties
    .filter(({ from, to }) => known[from] !== known[to])
    .map(({ from, conflict }) => conflict(decided(known[from]!)));
  return {
    inputs: elements.map(({ inputs }, index) =>
      inputs.map((_, port) => decided(known[firstInput[index]! + port]!)),
    ),
    outputs: elements.map(({ outputs }, index) =>
      outputs.map((_, port) => decided(known[firstOutput[index]! + port]!)),
    ),
    conflicts,
  };
}

/** Breadth first from the ports that are decided. */
function spread(known: Processing[], ties: readonly Tie[]): void {
  const neighbours = new Map<number, number[]>();
  const connect = (one: number, other: number) => {
    const list = neighbours.get(one);
    if (list === undefined) {
      neighbours.set(one, [other]);
    } else {
      list.push(other);
    }
  };
  for (const { from, to } of ties) {
    connect(from, to);
    connect(to, from);
  }
  const queue = [...known.keys()].filter((port) => known[port] !== 'agnostic');
  for (let next = 0; next < queue.length; next += 1) {
    const port = queue[next]!;
    for (const neighbour of neighbours.get(port) ?? []) {
      if (known[neighbour] === 'agnostic') {
        known[neighbour] = known[port]!;
        queue.push(neighbour);
      }
    }
  }
}

function decided(processing: Processing): 'push' | 'pull' {
  return processing === 'agnostic' ? 'push' : processing;
}
