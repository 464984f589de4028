import type { ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { HotclickError } from '../../engine/errors.ts';

/** What the sink saw between two marks. An interval is a range of sequence numbers per flow. */
export interface SinkInterval {
  readonly name: string;
  /** CLOCK_MONOTONIC, ns; comparable with a shard's own clock and `process.hrtime`. */
  readonly beginNs: number;
  readonly endNs: number;
  /** Packets that arrived, duplicates included. */
  readonly packets: number;
  /** Different numbers of the interval's range that arrived. */
  readonly received: number;
  /** Numbers below a higher one of their flow that have not arrived. */
  readonly missing: number;
  readonly duplicated: number;
  /** Packets that came after a higher number of their flow. */
  readonly reordered: number;
  /** Packets so late that duplicate and reordered cannot be told apart. */
  readonly tooLate: number;
  /** Packets the sink's own socket had no room for. They are among the missing, and not the network's fault. */
  readonly socketDrops: number;
  /** Largest time between two arrivals, µs, and how far the same two packets were apart when sent. */
  readonly gapUs: number;
  readonly gapSentUs: number;
  /** When that gap ended, CLOCK_MONOTONIC ns; 0 when there was none. */
  readonly gapAtNs: number;
  /** Time from sending to arrival, µs. */
  readonly delayMeanUs: number;
  readonly delayMaxUs: number;
}

/** One packet of the sink's log. */
export interface LoggedPacket {
  /** Arrival, µs after the beginning of the time that was asked for. */
  readonly atUs: number;
  /** Since it was sent. */
  readonly delayUs: number;
  readonly flow: number;
}

export interface SinkSummary {
  readonly intervals: readonly SinkInterval[];
  /** Datagrams that are no packets of a generator. */
  readonly malformed: number;
  /** Packets of another stream number. */
  readonly foreign: number;
  readonly socketDrops: number;
}

type Message = { readonly event: string } & Record<string, unknown>;

/** The conversation with a running udp-sink over its standard input and output. */
export class UdpSink {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: Message[] = [];
  readonly #waiting: { resolve(message: Message): void; reject(error: unknown): void }[] = [];
  #stderr = '';
  #failure: HotclickError | undefined;

  /** `child` was spawned with three pipes. */
  constructor(child: ChildProcess) {
    this.#child = child;
    const { stdout, stderr, stdin } = child;
    if (stdout === null || stderr === null || stdin === null)
      throw new HotclickError('HC_INTERNAL', 'no pipes');
    stdin.on('error', () => {});
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#lines = createInterface({ input: stdout });
    this.#lines.on('line', (line) => this.#receive(JSON.parse(line) as Message));
    child.once('error', (error) => this.#fail(error.message));
    child.once('close', (status, signal) => this.#fail(this.#stderr.trim() || `ended (${signal ?? status})`));
  }

  /** Resolves with the UDP port once packets are taken. */
  async ready(): Promise<number> {
    return (await this.#next('ready')).port as number;
  }

  /** Ends the current interval, begins the one named `name`, and returns the ended one as far as known. */
  async mark(name: string): Promise<SinkInterval> {
    this.#child.stdin?.write(`mark ${name}\n`);
    return readInterval((await this.#next('interval')).interval);
  }

  /** The current interval as it stands. */
  async report(): Promise<SinkInterval> {
    this.#child.stdin?.write('report\n');
    return readInterval((await this.#next('report')).interval);
  }

  /** What the log (`--log`) holds of the packets that arrived between two times, CLOCK_MONOTONIC ns. */
  async packets(fromNs: bigint, toNs: bigint): Promise<LoggedPacket[]> {
    this.#child.stdin?.write(`packets ${fromNs} ${toNs}\n`);
    const { packets } = await this.#next('packets');
    return (packets as [number, number, number][]).map(([at, delay, flow]) => ({
      atUs: at / 1000,
      delayUs: delay / 1000,
      flow,
    }));
  }

  /** Waits for packets under way, ends the sink and returns all intervals in their final form. */
  async end(): Promise<SinkSummary> {
    this.#child.stdin?.end('end\n');
    const summary = await this.#next('summary');
    return {
      intervals: (summary.intervals as unknown[]).map(readInterval),
      malformed: summary.malformed as number,
      foreign: summary.foreign as number,
      socketDrops: summary.socket_drops as number,
    };
  }

  async #next(event: string): Promise<Message> {
    const message = this.#answers.shift() ?? (await this.#wait());
    if (message.event !== event) {
      throw new HotclickError(
        'HC_LAB',
        `udp-sink: ${message.message ?? `${message.event} instead of ${event}`}`,
      );
    }
    return message;
  }

  #wait(): Promise<Message> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #receive(message: Message): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#answers.push(message);
    else waiting.resolve(message);
  }

  #fail(message: string): void {
    this.#failure ??= new HotclickError('HC_LAB', `udp-sink: ${message}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

function readInterval(value: unknown): SinkInterval {
  const fields = value as Record<string, number> & { name: string };
  const number = (key: string): number => fields[key] ?? 0;
  return {
    name: fields.name,
    beginNs: number('begin_ns'),
    endNs: number('end_ns'),
    packets: number('packets'),
    received: number('received'),
    missing: number('missing'),
    duplicated: number('duplicated'),
    reordered: number('reordered'),
    tooLate: number('too_late'),
    socketDrops: number('socket_drops'),
    gapUs: number('gap_us'),
    gapSentUs: number('gap_sent_us'),
    gapAtNs: number('gap_at_ns'),
    delayMeanUs: number('delay_mean_us'),
    delayMaxUs: number('delay_max_us'),
  };
}
