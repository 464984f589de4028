/** All packets of one edge into a pcapng file. */
import { open } from 'node:fs/promises';
import type { TapSummary } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import type { RouterGraph } from '../graph/router-graph.ts';
import { type ObservedEngine, observe } from './observer.ts';
import { pcapngHeader, pcapngPacket } from './pcapng.ts';

const defaultSnaplen = 2048;

/**
 * Writes until the signal or `limit` packets. `edge` is 'element[port]' for an output, '[port]element' for an input.
 * @throws HotclickError HC_ARGUMENT when the edge is not written so, leads nowhere in `graph`, or the file cannot be
 * written; HC_NO_SUCH_ELEMENT
 */
export async function tap(
  engine: ObservedEngine,
  graph: RouterGraph,
  edge: string,
  file: string,
  options: { snaplen?: number; limit?: number; signal?: AbortSignal },
): Promise<TapSummary> {
  const { element, port, input } = parseEdge(edge);
  refuseUnconnected(graph, element, port, input);
  const snap = options.snaplen ?? defaultSnaplen;
  const fail = (cause: Error) => {
    throw new HotclickError('HC_ARGUMENT', `${file} cannot be written: ${cause.message}`, { cause });
  };
  const out = await open(file, 'w').catch(fail);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let packets = 0;
  let lost = 0;
  try {
    await out.appendFile(pcapngHeader(edge, snap)).catch(fail);
    const spec = { kind: 'tap' as const, element, port, input, snap };
    for await (const events of observe(engine, spec, options.signal, (n) => (lost = n))) {
      const taken = events.slice(0, limit - packets);
      if (taken.length > 0) {
        const blocks = taken.map(({ time, data, length }) => pcapngPacket(time, data, length));
        await out.appendFile(Buffer.concat(blocks)).catch(fail);
      }
      packets += taken.length;
      if (packets >= limit) break;
    }
  } finally {
    await out.close();
  }
  return { file, packets, lost };
}

/** An edge that is not there would be waited at for ever. */
function refuseUnconnected(
  { elements, connections }: RouterGraph,
  element: string,
  port: number,
  input: boolean,
): void {
  if (!elements.some(({ name }) => name === element)) {
    throw new HotclickError('HC_NO_SUCH_ELEMENT', `the running graph has no element '${element}'`);
  }
  const ends = connections
    .map(({ from, to }) => (input ? to : from))
    .filter((end) => end.element === element);
  if (ends.some((end) => end.port === port)) return;
  const what = input ? 'input' : 'output';
  const connected = [...new Set(ends.map((end) => end.port))].sort((a, b) => a - b);
  throw new HotclickError('HC_ARGUMENT', `${what} ${port} of '${element}' is not connected`, {
    hint:
      connected.length === 0 ? `it has no ${what} that is` : `connected ${what}s: ${connected.join(', ')}`,
  });
}

export function parseEdge(edge: string): { element: string; port: number; input: boolean } {
  const output = /^([\w@/]+)(?:\s*\[(\d+)\])?$/.exec(edge.trim());
  if (output) return { element: output[1]!, port: Number(output[2] ?? 0), input: false };
  const input = /^\[(\d+)\]\s*([\w@/]+)$/.exec(edge.trim());
  if (input) return { element: input[2]!, port: Number(input[1]), input: true };
  throw new HotclickError('HC_ARGUMENT', `'${edge}' is no edge`, {
    hint: "write ELEMENT[PORT] for an output, '[PORT]ELEMENT' for an input",
  });
}
