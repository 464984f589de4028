import type { NetworkLab } from './network-lab.ts';
import { type GeneratorSummary, UdpGenerator } from './udp-generator.ts';
import { builtUdpPrograms, type UdpPrograms } from './udp-programs.ts';
import { type LoggedPacket, type SinkInterval, type SinkSummary, UdpSink } from './udp-sink.ts';

export interface UdpStreamOptions {
  /** Packets/s over all flows. Default 50,000. */
  readonly rate?: number;
  /** Source ports, from `sourcePort` upwards. Default 8. */
  readonly flows?: number;
  /** Frame length in bytes without frame check sequence, 64 to 1514. Default 64. */
  readonly size?: number;
  /** Where the packets come from; they go to the other side. Default `client`. */
  readonly from?: 'client' | 'server';
  /** Default 9000. */
  readonly port?: number;
  /** Default 20000. */
  readonly sourcePort?: number;
  /** Packets sent together. Default: what makes a tick of about 150 µs. */
  readonly burst?: number;
  /** Processors the two programs are kept on. */
  readonly cpu?: { readonly generator?: number; readonly sink?: number };
  /** Waits for the next tick in a loop: exact, and a whole processor. Default false. */
  readonly spin?: boolean;
  /** Runs the generator before all ordinary programs (SCHED_FIFO); not in a user namespace. Default false. */
  readonly realtime?: boolean;
  /** Sends prebuilt frames to this MAC address instead of using the kernel's UDP. */
  readonly rawTo?: string;
  /** Packets that the sink logs one by one, the last ones. Default none. */
  readonly log?: number;
  readonly programs?: UdpPrograms;
}

export interface UdpStreamSummary extends SinkSummary {
  readonly generator: GeneratorSummary;
  readonly received: number;
  /** All packets sent that did not arrive: the missing of all intervals and `lostAtEnd`. */
  readonly lost: number;
  /** Lost packets after which none of their flow arrived; no interval counts them. */
  readonly lostAtEnd: number;
  readonly duplicated: number;
  readonly reordered: number;
}

/** A sequence-numbered UDP stream across a laboratory: a generator on one side and a sink on the other. */
export class UdpStream {
  readonly #generator: UdpGenerator;
  readonly #sink: UdpSink;
  #stopped: Promise<UdpStreamSummary> | undefined;

  private constructor(generator: UdpGenerator, sink: UdpSink) {
    this.#generator = generator;
    this.#sink = sink;
  }

  /** Starts the sink, waits until it listens, starts the generator and waits until it sends. The first interval is called `start`. Throws `HC_LAB`. */
  static async start(lab: NetworkLab, options: UdpStreamOptions = {}): Promise<UdpStream> {
    const programs = options.programs ?? builtUdpPrograms();
    const from = options.from ?? 'client';
    const to = from === 'client' ? 'server' : 'client';
    const sinkChild = lab.spawn(to, sinkCommand(programs.sink, options), { stdio: 'pipe' });
    const sink = new UdpSink(sinkChild);
    try {
      await sink.ready();
      const command = generatorCommand(programs.generator, lab, from, to, options);
      const generator = new UdpGenerator(lab.spawn(from, command, { stdio: ['ignore', 'pipe', 'pipe'] }));
      await generator.ready();
      return new UdpStream(generator, sink);
    } catch (error) {
      sinkChild.kill();
      throw error;
    }
  }

  /** Ends the current interval and begins the one named `name`. Packets under way belong to the ended one. */
  mark(name: string): Promise<SinkInterval> {
    return this.#sink.mark(name);
  }

  /** The current interval as it stands. */
  report(): Promise<SinkInterval> {
    return this.#sink.report();
  }

  /** The logged packets that arrived between two times, CLOCK_MONOTONIC ns. */
  packets(fromNs: bigint, toNs: bigint): Promise<LoggedPacket[]> {
    return this.#sink.packets(fromNs, toNs);
  }

  /** Stops sending, waits for what is under way, and returns the figures of all intervals in their final form. */
  stop(): Promise<UdpStreamSummary> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }

  async #stop(): Promise<UdpStreamSummary> {
    const [generated] = await Promise.allSettled([this.#generator.stop()]);
    const sink = await this.#sink.end();
    if (generated.status === 'rejected') throw generated.reason;
    const sum = (field: 'received' | 'missing' | 'duplicated' | 'reordered') =>
      sink.intervals.reduce((total, interval) => total + interval[field], 0);
    const received = sum('received');
    return {
      ...sink,
      generator: generated.value,
      received,
      lost: generated.value.sent - received,
      lostAtEnd: generated.value.sent - received - sum('missing'),
      duplicated: sum('duplicated'),
      reordered: sum('reordered'),
    };
  }
}

function sinkCommand(program: string, { port = 9000, flows = 8, cpu, log }: UdpStreamOptions): string[] {
  const own = ['--port', `${port}`, '--flows', `${flows}`];
  return [program, ...own, ...option('--cpu', cpu?.sink), ...option('--log', log)];
}

function generatorCommand(
  program: string,
  lab: NetworkLab,
  from: 'client' | 'server',
  to: 'client' | 'server',
  options: UdpStreamOptions,
): string[] {
  const { rate = 50_000, flows = 8, size = 64, port = 9000, sourcePort = 20_000, rawTo } = options;
  return [
    ...[program, '--json', '--source', `${lab[from].ip}:${sourcePort}`, '--target', `${lab[to].ip}:${port}`],
    ...['--rate', `${rate}`, '--flows', `${flows}`, '--size', `${size}`],
    ...option('--burst', options.burst),
    ...option('--cpu', options.cpu?.generator),
    ...(options.spin === true ? ['--spin'] : []),
    ...(options.realtime === true ? ['--realtime'] : []),
    ...(rawTo === undefined
      ? []
      : ['--raw', lab[from].device, '--src-mac', lab[from].mac, '--dst-mac', rawTo]),
  ];
}

function option(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [name, `${value}`];
}
