/** Prints a graph in Click's flat layout: requirements, declarations, connections joined to chains. */

import type { GraphConnection, GraphPort, RouterGraph } from '../engine/graph/router-graph.ts';

/** Text that `parseClick` reads back as the same graph. The order of the connections in the graph does not matter. */
export function flattenClick(graph: RouterGraph): string {
  const declarations = graph.elements.map(({ name, className, args }) => {
    const config = args.length > 0 ? `(${args.join(', ')})` : '';
    return `${name} :: ${className}${config};\n`;
  });
  const requirements = graph.requirements.length > 0 ? `require(${graph.requirements.join(', ')});\n` : '';
  const chains = joinChains(graph).map((chain) => `${chain.join('\n    -> ')};\n`);
  // The first arrow stays in the line of its element, as Click prints it.
  const connections = chains.map((chain) => chain.replace('\n    -> ', ' -> '));
  return [requirements, declarations.join(''), connections.join('')].filter((part) => part !== '').join('\n');
}

/** Chains of connections, each as a list of elements with their ports. */
function joinChains(graph: RouterGraph): string[][] {
  const order = new Map(graph.elements.map(({ name }, index) => [name, index]));
  const place = ({ element }: GraphPort) => order.get(element) ?? order.size;
  const comparePorts = (a: GraphPort, b: GraphPort) => place(a) - place(b) || a.port - b.port;
  const sorted = [...graph.connections].sort(
    (a, b) => comparePorts(a.to, b.to) || comparePorts(a.from, b.from),
  );
  const next = findSuccessors(sorted);
  const continued = new Set(next.values());
  const used = new Set<GraphConnection>();
  const chains: string[][] = [];
  const follow = (start: GraphConnection) => {
    const chain = [start.from.port > 0 ? `${start.from.element} [${start.from.port}]` : start.from.element];
    for (let at: GraphConnection | undefined = start; at !== undefined && !used.has(at); at = next.get(at)) {
      used.add(at);
      chain.push(at.to.port > 0 ? `[${at.to.port}] ${at.to.element}` : at.to.element);
    }
    chains.push(chain);
  };
  for (const connection of sorted) {
    if (!continued.has(connection)) {
      follow(connection);
    }
  }
  // What is left lies on cycles; each is opened at its first connection.
  for (const connection of sorted) {
    if (!used.has(connection)) {
      follow(connection);
    }
  }
  return chains;
}

/** The connection that continues another: from output 0 of the element whose input 0 the other one leads to. */
function findSuccessors(sorted: readonly GraphConnection[]): Map<GraphConnection, GraphConnection> {
  const fromOutput0 = new Map<string, GraphConnection>();
  for (const connection of sorted) {
    if (connection.from.port === 0) {
      const known = fromOutput0.get(connection.from.element);
      // The first that leads to an input 0; without one, the last.
      if (known === undefined || known.to.port !== 0) {
        fromOutput0.set(connection.from.element, connection);
      }
    }
  }
  const next = new Map<GraphConnection, GraphConnection>();
  for (const connection of sorted) {
    const successor = fromOutput0.get(connection.to.element);
    if (connection.to.port === 0 && successor !== undefined && successor !== connection) {
      next.set(connection, successor);
    }
  }
  return next;
}
