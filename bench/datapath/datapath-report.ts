/** Prints what was measured: a line of JSON for each result, or a table with targets and peers beside it. */
import { machine } from '../machine.ts';
import { type Spread, spreadOf } from '../samples.ts';
import type { DatapathOptions } from './datapath-options.ts';
import type { DatapathSample } from './measure-datapath.ts';
import { type Scenario, targetSpeedUp } from './scenarios.ts';

export interface DatapathResult {
  readonly scenario: Scenario;
  readonly threads: number;
  /** With a store. */
  readonly store: boolean;
  readonly samples: readonly DatapathSample[];
}

/** The most that a store may cost, as a part of the throughput. */
const targetStoreCost = 0.02;
/** Below this the figures are those of a machine with other things to do. */
const undisturbed = 0.98;

const columns = [
  { title: 'scenario', width: 23 },
  { title: 'threads', width: 7 },
  { title: 'ns/packet', width: 9 },
  { title: 'min … max', width: 16 },
  { title: 'target', width: 8 },
  { title: 'FastClick', width: 9 },
  { title: 'verdict', width: 0 },
];

export class DatapathReport {
  readonly #options: DatapathOptions;
  readonly #medians = new Map<string, number>();
  #leastShare = 1;

  constructor(options: DatapathOptions) {
    this.#options = options;
  }

  begin(): void {
    if (this.#options.json) return;
    const { cpu, cores, kernel, node } = machine;
    const { clock, runs, measureMs } = this.#options;
    print(`${cpu}, ${cores} CPUs, Linux ${kernel}, Node ${node}`);
    print(
      `median of ${runs} runs of ${measureMs / 1000} s, ${clock} clock; FastClick: one thread, see bench/README.md\n`,
    );
    print(line(columns.map(({ title }) => title)));
  }

  add(result: DatapathResult): void {
    const { scenario, threads, store, samples } = result;
    const figures = samples.map(({ nsPerPacket }) => round(nsPerPacket));
    const spread = spreadOf(figures);
    this.#medians.set(key(scenario.name, threads, store), spread.median);
    for (const { cpuShare } of samples) this.#leastShare = Math.min(this.#leastShare, cpuShare);
    if (this.#options.json) {
      print(this.#json(result, figures, spread));
      return;
    }
    print(
      line([
        label(scenario.name, store),
        String(threads),
        spread.median.toFixed(2),
        `${spread.min.toFixed(2)} … ${spread.max.toFixed(2)}`,
        this.#target(result),
        threads === 1 && !store ? String(scenario.fastClick) : '',
        this.#verdict(result, spread.median),
      ]),
    );
  }

  end(): void {
    if (this.#options.json || this.#leastShare >= undisturbed) return;
    const percent = Math.round(this.#leastShare * 100);
    const { clock } = this.#options;
    print(
      `\nOther programs were running: in one measurement the shards had their CPUs for ${percent} % of the time.`,
    );
    if (clock === 'wall') print('The figures contain their time; --clock cpu leaves it out.');
  }

  #json({ scenario, threads, store, samples }: DatapathResult, figures: number[], spread: Spread): string {
    return JSON.stringify({
      scenario: label(scenario.name, store),
      threads,
      ns_per_packet: { median: round(spread.median), min: spread.min, max: spread.max },
      samples: figures,
      packets: samples.reduce((sum, { packets }) => sum + packets, 0),
      machine: { ...machine, clock: this.#options.clock, least_cpu_share: round(this.#leastShare) },
    });
  }

  #target({ scenario, threads, store }: DatapathResult): string {
    if (store) return `< ${targetStoreCost * 100} %`;
    if (threads > 1) return threads === 2 ? `>= ${targetSpeedUp}x` : '';
    return scenario.target === undefined ? '' : `<= ${scenario.target}`;
  }

  #verdict({ scenario, threads, store }: DatapathResult, median: number): string {
    if (store) {
      const without = this.#medians.get(key(scenario.name, threads, false)) ?? Number.NaN;
      const cost = 1 - without / median;
      return `${met(cost < targetStoreCost)}: the store takes ${(cost * 100).toFixed(1)} % of the throughput`;
    }
    if (threads > 1) {
      const single = this.#medians.get(key(scenario.name, 1, false));
      if (single === undefined) return '';
      const speedUp = single / median;
      return `${threads === 2 ? `${met(speedUp >= targetSpeedUp)}: ` : ''}${speedUp.toFixed(2)} times one thread`;
    }
    const ratio = scenario.fastClick / median;
    const against =
      ratio >= 1
        ? `${ratio.toFixed(1)} times as fast as FastClick`
        : `WORSE than FastClick (${ratio.toFixed(2)} times its speed)`;
    return scenario.target === undefined ? against : `${met(median <= scenario.target)}; ${against}`;
  }
}

function met(good: boolean): string {
  return good ? 'met' : 'MISSED';
}

function key(name: string, threads: number, store: boolean): string {
  return `${label(name, store)} ${threads}`;
}

function label(name: string, store: boolean): string {
  return store ? `${name}+store` : name;
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(columns[index]?.width ?? 0))
    .join('  ')
    .trimEnd();
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
