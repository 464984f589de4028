/** A Firewall on the bench, with a client inside and a server outside. */
import { join } from 'node:path';
import { packageRoot } from '../../../../engine/datapath/paths.ts';
import { ElementHarness, type PacketInput } from '../../../../engine/testing/element-harness.ts';
import { ipv4Tcp, type TcpFields } from '../../../../engine/testing/frames.ts';
import { buildElement } from '../../../../engine/upgrade/build-element.ts';

export const client = '10.1.0.2';
export const server = '10.2.0.2';
const clientPort = 40000;
const serverPort = 80;

/** As a MarkIPHeader(14) in front of the firewall leaves it. */
export function marked(data: Uint8Array): PacketInput {
  return { data, networkOffset: 14 };
}

export function createFirewall(...args: string[]): ElementHarness {
  return ElementHarness.create('Firewall', args, { inputs: 2, outputs: 2 });
}

export type Side = 'inside' | 'outside';

/** Sends one frame from a side; true when it leaves the firewall on the other. */
export function passes(firewall: ElementHarness, from: Side, frame: Uint8Array): boolean {
  const port = from === 'inside' ? 0 : 1;
  firewall.push(port, [marked(frame)]);
  const passed = firewall.output(port).length;
  const astray = firewall.output(1 - port).length;
  if (astray !== 0) throw new Error('the packet left by the port it came in by');
  return passed === 1;
}

/** The only reason for which packets have been dropped since the last call; undefined when there was none. */
export function dropReasons(firewall: ElementHarness): () => string | undefined {
  let before: Record<string, number> = {};
  return () => {
    const now = firewall.drops();
    const changed = Object.keys(now).filter((reason) => now[reason] !== (before[reason] ?? 0));
    before = now;
    if (changed.length > 1) throw new Error(`dropped for several reasons: ${changed.join(', ')}`);
    return changed[0];
  };
}

export type SegmentFields = Pick<TcpFields, 'flags' | 'seq' | 'ack' | 'window' | 'payload' | 'tcpOptions'>;

/** A TCP connection from the client through a firewall, with the numbers that the ends would use. */
export class Conversation {
  readonly #firewall: ElementHarness;
  readonly #port: number;
  /** Next sequence number of each end. */
  next = { inside: 1000, outside: 5000 };

  constructor(firewall: ElementHarness, port = clientPort) {
    this.#firewall = firewall;
    this.#port = port;
  }

  frame(from: Side, fields: SegmentFields = {}): Uint8Array {
    const peer = from === 'inside' ? 'outside' : 'inside';
    const ends =
      from === 'inside'
        ? { src: client, dst: server, sport: this.#port, dport: serverPort }
        : { src: server, dst: client, sport: serverPort, dport: this.#port };
    const flags = fields.flags ?? 'A';
    const ack = flags.includes('A') ? this.next[peer] : 0;
    return ipv4Tcp({ ...ends, seq: this.next[from], ack, ...fields, flags });
  }

  /** Sends a segment that continues the conversation, and counts its numbers when it passes. */
  send(from: Side, fields: SegmentFields = {}): boolean {
    const passed = passes(this.#firewall, from, this.frame(from, fields));
    const flags = fields.flags ?? 'A';
    const length = fields.payload?.length ?? 0;
    if (passed) this.next[from] += length + (flags.includes('S') ? 1 : 0) + (flags.includes('F') ? 1 : 0);
    return passed;
  }

  /** Sends a segment that does not move the conversation on. */
  probe(from: Side, fields: SegmentFields = {}): boolean {
    return passes(this.#firewall, from, this.frame(from, fields));
  }

  /** The three segments that begin a connection; true when all passed. */
  open(): boolean {
    return (
      this.send('inside', { flags: 'S' }) && this.send('outside', { flags: 'SA' }) && this.send('inside')
    );
  }

  /** The state that the firewall sees. */
  state(): string | undefined {
    const line = this.#firewall
      .read('table')
      .split('\n')
      .find((text) => text.includes(`${client}:${this.#port} `));
    return line?.match(/:80 (\S+)/)?.[1];
  }
}

/** Builds another version of Firewall from the examples; returns the library's file. */
export function buildExample(name: string, cacheDirectory: string): Promise<string> {
  return buildElement(join(packageRoot, 'examples', 'firewall', name, 'Firewall.cc'), { cacheDirectory });
}
