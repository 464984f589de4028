/** One run: a laboratory with traffic of several kinds, one operation after the other, and looks at everything between. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetworkLab } from '../lab/network-lab.ts';
import { UdpStream } from '../lab/udp-stream.ts';
import { readDeviceDrops } from '../upgrade/device-drops.ts';
import { type Capture, findCaptures, makeCaptures } from './captures.ts';
import { Conversations } from './conversations/conversations.ts';
import type { Verb } from './conversations/messages.ts';
import { EngineUnderSoak } from './engine-under-soak.ts';
import { Ledger } from './ledger.ts';
import { buildLibraries } from './libraries.ts';
import { CaptureModel } from './model/capture-model.ts';
import { TrafficModel } from './model/traffic-model.ts';
import { type Kind, Operations } from './operations.ts';
import type { SoakOptions } from './options.ts';
import { readFigures } from './process-figures.ts';
import { Random } from './random.ts';

/** Packets/s of the numbered stream: what two CPUs forward beside everything else without loss. */
const rate = 10_000;
const flows = 16;
const firstPort = 20_000;
/** Operations from one look at all state to the next. */
const operationsACheck = 8;
/** Connections that are open at most. */
const mostConnections = 60;
/** ms that a capture may take to be read. */
const capturePatience = 10_000;

export interface SoakProgress {
  readonly seconds: number;
  readonly operation: number;
  readonly kind: Kind;
  readonly what: string;
  readonly fault?: string;
}

export interface SoakSummary {
  readonly seed: number;
  readonly seconds: number;
  /** How many of each kind of operation. */
  readonly operations: Readonly<Record<Kind, number>>;
  /** Changes that were carried out: upgrades, rollbacks, other graphs, other processes. */
  readonly changes: number;
  readonly packets: {
    readonly sent: number;
    readonly lost: number;
    readonly duplicated: number;
    readonly reordered: number;
  };
  /** Lost packets by cause. */
  readonly losses: Readonly<Record<string, number>>;
  /** Looks at all state, and records compared in them. */
  readonly checks: number;
  readonly records: number;
  /** Most element libraries that the process had at a time, and descriptors. */
  readonly most: { readonly libraries: number; readonly descriptors: number };
  /** What must not have been; nothing when all is well. */
  readonly violations: readonly { readonly during: string; readonly what: string }[];
}

export async function soak(
  options: SoakOptions,
  say: (progress: SoakProgress) => void,
): Promise<SoakSummary> {
  const directory = await mkdtemp(join(tmpdir(), 'hotclick-soak-'));
  try {
    const random = new Random(options.seed);
    const captures = await (options.captures === undefined
      ? makeCaptures(directory, random)
      : findCaptures(options.captures));
    const libraries = await buildLibraries(directory);
    await using lab = await NetworkLab.create({ mode: 'bridge' });
    await using engine = await EngineUnderSoak.start(lab, captures, directory);
    await using conversations = await Conversations.start(lab);
    await using stream = await UdpStream.start(lab, { rate, flows, sourcePort: firstPort });
    const operations = new Operations(engine, libraries, captures.length, random);
    return await new Run({
      lab,
      engine,
      conversations,
      stream,
      operations,
      captures,
      random,
      options,
      say,
    }).run();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Parts {
  readonly lab: NetworkLab;
  readonly engine: EngineUnderSoak;
  readonly conversations: Conversations;
  readonly stream: UdpStream;
  readonly operations: Operations;
  readonly captures: readonly Capture[];
  readonly random: Random;
  readonly options: SoakOptions;
  readonly say: (progress: SoakProgress) => void;
}

class Run {
  readonly #parts: Parts;
  readonly #ledger = new Ledger();
  readonly #traffic = new TrafficModel(Array.from({ length: flows }, (_, i) => firstPort + i));
  readonly #captures: CaptureModel;
  readonly #counts: Record<Kind, number> = {
    upgrade: 0,
    several: 0,
    beside: 0,
    rollback: 0,
    graph: 0,
    process: 0,
    broken: 0,
    crash: 0,
    kill: 0,
  };
  readonly #begin = performance.now();
  #checks = 0;
  #records = 0;
  #deviceDrops = 0;
  #most = { libraries: 0, descriptors: 0 };

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#captures = new CaptureModel(parts.captures);
  }

  async run(): Promise<SoakSummary> {
    const { options, operations, stream, say, lab } = this.#parts;
    await stream.mark('0');
    this.#deviceDrops = await readDeviceDrops(lab);
    for (let number = 1; this.#seconds < options.seconds; ++number) {
      const outcome = await operations.next();
      const { kind, fault } = outcome;
      ++this.#counts[kind];
      const during = `operation ${number}, ${outcome.what}`;
      if (fault !== undefined) this.#ledger.violate(during, fault);
      await this.#converse(during);
      await this.#account(kind, during, number);
      if (kind === 'kill' || kind === 'crash') this.#captures.restarted(await this.#settledCaptures());
      if (number % operationsACheck === 0 || kind === 'kill' || kind === 'crash') await this.#check(during);
      say({ seconds: this.#seconds, operation: number, ...outcome });
    }
    return this.#summary(await stream.stop());
  }

  get #seconds(): number {
    return (performance.now() - this.#begin) / 1000;
  }

  /** Lets the two kernels begin, use and end connections through the engine. */
  async #converse(during: string): Promise<void> {
    const { conversations, random } = this.#parts;
    const open = this.#traffic.openConnections;
    const verb = random.weighted<Verb>([
      { weight: open < mostConnections ? 3 : 0, choice: 'open' },
      { weight: 3, choice: 'talk' },
      { weight: open > 10 ? 1 : 0, choice: 'close' },
      { weight: open > 10 ? 1 : 0, choice: 'reset' },
      { weight: 2, choice: 'udp' },
    ]);
    const report = await conversations.ask(verb, 1 + random.below(5), random.below(2 ** 31));
    this.#traffic.note(verb, report, Date.now());
    for (const fault of report.faults) this.#ledger.violate(during, fault);
  }

  /** Charges what is missing of the numbered stream. */
  async #account(kind: Kind, during: string, number: number): Promise<void> {
    const { stream, lab } = this.#parts;
    const interval = await stream.mark(`${number}`);
    const drops = await readDeviceDrops(lab);
    const kernel = interval.socketDrops + drops - this.#deviceDrops;
    this.#deviceDrops = drops;
    // Both shards may be in the new code when it crashes in one.
    this.#ledger.account(during, interval, {
      kernel,
      crashes: kind === 'crash' ? 2 : 0,
      down: kind === 'kill',
    });
  }

  async #settledCaptures() {
    const { engine } = this.#parts;
    for (const end = performance.now() + capturePatience; !(await engine.captureEnded()); )
      if (performance.now() > end) throw new Error(`${engine.capture.file} is not read to its end`);
    return engine.captureCounts();
  }

  /** All state against what the models say. */
  async #check(during: string): Promise<void> {
    const { engine } = this.#parts;
    ++this.#checks;
    const counts = await this.#settledCaptures();
    const replayed = await engine.records('replayed/connections');
    const connections = await engine.records('fw/connections');
    const mappings = await engine.records('nat/mappings');
    const now = Date.now();
    this.#records += replayed.length + connections.length + mappings.length;
    const faults = [
      ...this.#captures.check(counts, replayed, engine.capture),
      ...this.#traffic.checkFirewall(connections, now),
      ...this.#traffic.checkMappings(mappings, now),
    ];
    for (const fault of faults) this.#ledger.violate(during, fault);
    const { libraries, descriptors } = readFigures(engine.pid);
    this.#most = {
      libraries: Math.max(this.#most.libraries, libraries),
      descriptors: Math.max(this.#most.descriptors, descriptors),
    };
  }

  #summary({ generator, lost, duplicated, reordered }: Awaited<ReturnType<UdpStream['stop']>>): SoakSummary {
    const { upgrade, several, beside, rollback, graph, process } = this.#counts;
    return {
      seed: this.#parts.options.seed,
      seconds: Math.round(this.#seconds),
      operations: this.#counts,
      changes: upgrade + several + beside + rollback + graph + process,
      packets: { sent: generator.sent, lost, duplicated, reordered },
      losses: this.#ledger.byCause(),
      checks: this.#checks,
      records: this.#records,
      most: this.#most,
      violations: this.#ledger.violations,
    };
  }
}
