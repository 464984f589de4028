/** Repeats a measurement and says how sure one can be of it. */
import { parseArgs } from 'node:util';
import { machine } from '../machine.ts';
import { type Spread, spreadOf } from '../samples.ts';

export interface BenchOptions {
  readonly runs: number;
  readonly records: number;
  /** Bytes of key, padding and value. */
  readonly recordSize: number;
  readonly json: boolean;
  /** Where the stores are made; a directory of the system's temporary files by default. */
  readonly directory: string | undefined;
}

export interface Measurement {
  readonly scenario: string;
  readonly ms: Spread;
  /** Milliseconds, in the order they were taken. */
  readonly samples: readonly number[];
}

const leastRuns = 5;

export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '7' },
      records: { type: 'string', default: '1000000' },
      'record-size': { type: 'string', default: '64' },
      json: { type: 'boolean', default: false },
      directory: { type: 'string' },
    },
  });
  return {
    runs: Math.max(leastRuns, Number(values.runs)),
    records: Number(values.records),
    recordSize: Number(values['record-size']),
    json: values.json,
    directory: values.directory,
  };
}

/** Milliseconds that `work` takes. */
export async function time(work: () => Promise<unknown> | unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

export function summarise(scenario: string, samples: readonly number[]): Measurement {
  const { median, min, max } = spreadOf(samples);
  return {
    scenario,
    ms: { median: round(median), min: round(min), max: round(max) },
    samples: samples.map(round),
  };
}

/** One JSON object a line, or a line for people. */
export function report(measurement: Measurement, options: BenchOptions): void {
  const { scenario, ms, samples } = measurement;
  if (options.json) {
    const { records, recordSize } = options;
    process.stdout.write(
      `${JSON.stringify({ scenario, records, record_bytes: recordSize, ms, samples, machine })}\n`,
    );
    return;
  }
  const line = `${scenario.padEnd(32)} median ${ms.median.toFixed(1).padStart(7)} ms   ${ms.min} … ${ms.max}`;
  process.stdout.write(`${line}   [${samples.join(' ')}]\n`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
