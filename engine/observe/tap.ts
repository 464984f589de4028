/** All packets of one edge into a pcapng file. */
import { open } from 'node:fs/promises';
import type { NativeEngine } from '../datapath/addon.ts';
import type { TapSummary } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { observe } from './observer.ts';
import { pcapngHeader, pcapngPacket } from './pcapng.ts';

const defaultSnaplen = 2048;

/**
 * Writes until the signal or `limit` packets. `edge` is 'element[port]' for an output, '[port]element' for an input.
 * @throws HotclickError HC_ARGUMENT when the edge is not written so or the file cannot be written
 */
export async function tap(
  engine: NativeEngine,
  edge: string,
  file: string,
  options: { snaplen?: number; limit?: number; signal?: AbortSignal },
): Promise<TapSummary> {
  const { element, port, input } = parseEdge(edge);
  const snap = options.snaplen ?? defaultSnaplen;
  const out = await open(file, 'w').catch((cause: Error) => {
    throw new HotclickError('HC_ARGUMENT', `${file} cannot be written: ${cause.message}`, { cause });
  });
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let packets = 0;
  let lost = 0;
  try {
    await out.write(pcapngHeader(edge, snap));
    const spec = { kind: 'tap' as const, element, port, input, snap };
    for await (const events of observe(engine, spec, options.signal, (n) => (lost = n))) {
      const taken = events.slice(0, limit - packets);
      if (taken.length > 0) {
        await out.write(
          Buffer.concat(taken.map(({ time, data, length }) => pcapngPacket(time, data, length))),
        );
      }
      packets += taken.length;
      if (packets >= limit) break;
    }
  } finally {
    await out.close();
  }
  return { file, packets, lost };
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
