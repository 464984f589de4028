/** The graph that the soak runs, and its random changes. */
import type { Random } from './random.ts';

/** What may be different from one graph to the next. */
export interface GraphChoice {
  /** Rules of the firewall; all of them let the soak's own traffic through. */
  readonly rules: number;
  /** A Counter between firewall and NAT. */
  readonly counter: boolean;
  /** A Queue before the device to the server. */
  readonly queue: boolean;
  /** The capture that is replayed, by its place in the list. */
  readonly capture: number;
}

/** s that a UDP conversation is remembered by the firewall and by the NAT. */
export const udpTimeout = 4;
/** External ports, in order. */
export const natPorts = { first: 30_000, last: 62_000 };

const ruleSets = [
  'allow tcp, allow udp',
  'deny tcp dst port 25, allow tcp, allow udp',
  'allow tcp dst port > 1024, allow udp dst port > 1024',
] as const;

export function firstGraph(): GraphChoice {
  return { rules: 0, counter: false, queue: false, capture: 0 };
}

/** Another graph: one thing is different. */
export function changeGraph(graph: GraphChoice, random: Random, captures: number): GraphChoice {
  return random.pick<() => GraphChoice>([
    () => ({ ...graph, rules: (graph.rules + 1 + random.below(ruleSets.length - 1)) % ruleSets.length }),
    () => ({ ...graph, counter: !graph.counter }),
    () => ({ ...graph, queue: !graph.queue }),
    () => ({
      ...graph,
      capture: captures > 1 ? (graph.capture + 1 + random.below(captures - 1)) % captures : 0,
    }),
  ])();
}

/** A Click string. */
const quoted = (text: string) => `"${text}"`;

/**
 *     client ─ fw ─ nat ─ server        what the kernels of the laboratory and the generator send
 *     capture ─ replayed ─ Discard      a firewall of its own for what captures hold
 */
export function clickText(
  graph: GraphChoice,
  devices: { client: string; server: string },
  capture: string,
): string {
  const timeouts = `UDP_TIMEOUT ${udpTimeout}s, UDP_STREAM_TIMEOUT ${udpTimeout}s, TIME_WAIT_TIMEOUT 1s,
    CLOSED_TIMEOUT 1s, LAST_ACK_TIMEOUT 1s, FIN_WAIT_TIMEOUT 2s, CLOSE_WAIT_TIMEOUT 2s`;
  return `
fw :: Firewall(${ruleSets[graph.rules]}, ${timeouts});
nat :: IPRewriter(pattern - ${natPorts.first}-${natPorts.last}# - - 0 1, drop,
  UDP_TIMEOUT ${udpTimeout}s, UDP_STREAMING_TIMEOUT ${udpTimeout}s, TCP_DONE_TIMEOUT 2s);
to_client :: ToDevice(${devices.client});
to_server :: ToDevice(${devices.server});
elementclass Frames {
  input -> kinds :: Classifier(12/0806, 12/0800, -);
  kinds[0] -> [0]output;
  kinds[1] -> MarkIPHeader(14) -> [1]output;
  kinds[2] -> Discard;
}
from_c :: FromDevice(${devices.client}, PROMISC true) -> from_client :: Frames;
from_s :: FromDevice(${devices.server}, PROMISC true) -> from_server :: Frames;
out :: Counter;
${graph.queue ? 'out -> server_queue :: Queue(8192) -> Unqueue -> to_server;' : 'out -> to_server;'}
from_client[0] -> out;
from_client[1] -> [0]fw[0] ${graph.counter ? '-> between :: Counter' : ''} -> [0]nat[0] -> out;
from_server[0] -> to_client;
from_server[1] -> [1]nat[1] -> [1]fw[1] -> to_client;

replayed :: Firewall(allow all, UDP_TIMEOUT 600s, UDP_STREAM_TIMEOUT 600s, PASS_OTHER false);
capture :: FromDump(${quoted(capture)}) -> read :: Counter -> MarkIPHeader(14) -> [0]replayed[0] -> Discard;
Idle -> [1]replayed[1] -> Discard;
`;
}
