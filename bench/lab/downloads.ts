import { HotclickError } from '../../engine/errors.ts';
import type {
  ClientCommand,
  ClientMessage,
  ClientReport,
  ClientSettings,
  DownloadState,
  ServerCommand,
  ServerMessage,
  ServerReport,
  ServerSettings,
} from './download-messages.ts';
import { LabProgram } from './lab-program.ts';
import type { NetworkLab } from './network-lab.ts';

export interface DownloadsOptions {
  /** Default 50. */
  readonly connections?: number;
  /** Bits/s of content over all downloads. Default 30,000,000. */
  readonly rate?: number;
  /** Default 8080. */
  readonly port?: number;
  /** A download that got nothing for so long does not count as alive, ms. Default 3000. */
  readonly aliveWithinMs?: number;
  /** Time for every download to get its first byte, ms. Default 10,000. */
  readonly openWithinMs?: number;
  readonly signal?: AbortSignal;
}

export interface DownloadsReport {
  readonly connections: number;
  readonly alive: number;
  readonly failed: number;
  /** Bytes of content the client has got. */
  readonly bytes: number;
  /** Chunks with bytes that do not belong where they were. */
  readonly corrupted: number;
  /** Longest time any download got nothing, since the previous report and over the whole run, ms. */
  readonly stallMs: number;
  readonly longestStallMs: number;
  /** TCP segments the server's kernel has sent again. */
  readonly retransmits: number;
  readonly downloads: readonly DownloadState[];
}

export interface DownloadsSummary extends DownloadsReport {
  /** Downloads that came to their regular end with every byte the server had sent. */
  readonly complete: number;
}

type Server = LabProgram<ServerCommand, ServerMessage>;
type Client = LabProgram<ClientCommand, ClientMessage>;

const endTimeoutMs = 5000;

/**
 * Parallel HTTP downloads through the kernel's own TCP stacks on both sides of a laboratory. Each is one connection
 * that stays open from start to stop, and every byte is checked against what belongs at its offset.
 */
export class Downloads {
  readonly #server: Server;
  readonly #client: Client;
  #stopped: Promise<DownloadsSummary> | undefined;

  private constructor(server: Server, client: Client) {
    this.#server = server;
    this.#client = client;
  }

  /** Starts server and client and waits until every download has its first byte. Throws `HC_LAB` when one has not. */
  static async start(lab: NetworkLab, options: DownloadsOptions = {}): Promise<Downloads> {
    const {
      connections = 50,
      rate = 30_000_000,
      port = 8080,
      aliveWithinMs = 3000,
      openWithinMs = 10_000,
    } = options;
    const serverSettings: ServerSettings = { address: lab.server.ip, port, connections, rate };
    const clientSettings: ClientSettings = { address: lab.server.ip, port, connections, aliveWithinMs };
    const server = new LabProgram<ServerCommand, ServerMessage>(
      lab,
      'server',
      'download-server',
      serverSettings,
    );
    let client: Client | undefined;
    try {
      await server.reached('ready', openWithinMs, options.signal);
      client = new LabProgram<ClientCommand, ClientMessage>(lab, 'client', 'download-client', clientSettings);
      await client.reached('open', openWithinMs, options.signal).catch((error) => explain(client, error));
      return new Downloads(server, client);
    } catch (error) {
      await Promise.all([server.end(), client?.end()]);
      throw error;
    }
  }

  /** The state now; the next report's `stallMs` counts from here. */
  async report(): Promise<DownloadsReport> {
    const [client, server] = await Promise.all([
      this.#client.ask<ClientReport>('report', endTimeoutMs),
      this.#server.ask<ServerReport>('report', endTimeoutMs),
    ]);
    return summarise(client, server);
  }

  /** Lets every download come to its regular end, compares what was sent and received, and ends both programs. */
  stop(): Promise<DownloadsSummary> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }

  async #stop(): Promise<DownloadsSummary> {
    try {
      const before = await this.report();
      const ended = this.#client.reached('ended', endTimeoutMs).catch(() => {});
      const sent = await this.#server.ask<ServerReport>('finish', endTimeoutMs);
      // A download that does not end in time is reported as failed, with its reason.
      await ended;
      const client = await this.#client.ask<ClientReport>('finish', endTimeoutMs);
      const server = await this.#server.ask<ServerReport>('report', endTimeoutMs);
      const complete = client.downloads.filter(
        (state, i) => state.complete && state.bytes === sent.bytes[i],
      ).length;
      return { ...summarise(client, server), alive: before.alive, stallMs: before.stallMs, complete };
    } finally {
      await Promise.all([this.#server.end(), this.#client.end()]);
    }
  }
}

/** Adds to a failed start what the client knows about it. */
async function explain(client: Client | undefined, cause: unknown): Promise<never> {
  const report = await client?.ask<ClientReport>('report', endTimeoutMs).catch(() => undefined);
  if (report === undefined || !(cause instanceof HotclickError)) throw cause;
  const silent = report.downloads.filter((state) => state.bytes === 0);
  const reason = silent.find((state) => state.error !== undefined)?.error ?? 'no answer';
  const message = `${silent.length} of ${report.downloads.length} downloads got nothing: ${reason}`;
  throw new HotclickError('HC_LAB', message, {
    cause,
    hint: 'check that something forwards between the two sides',
  });
}

function summarise({ downloads }: ClientReport, { retransmits }: ServerReport): DownloadsReport {
  const most = (field: 'stallMs' | 'longestStallMs') =>
    Math.max(0, ...downloads.map((state) => state[field]));
  const total = (field: 'bytes' | 'corrupted') => downloads.reduce((sum, state) => sum + state[field], 0);
  return {
    connections: downloads.length,
    alive: downloads.filter((state) => state.alive).length,
    failed: downloads.filter((state) => state.error !== undefined).length,
    bytes: total('bytes'),
    corrupted: total('corrupted'),
    stallMs: most('stallMs'),
    longestStallMs: most('longestStallMs'),
    retransmits,
    downloads,
  };
}
