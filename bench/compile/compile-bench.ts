/** How long somebody waits for one element: the compiler call with which the build makes each library. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import {
  elementFlags,
  elementLibraries,
  elementParts,
  elementSources,
  sdkDirectory,
} from '../../engine/datapath/paths.ts';
import { type Benchmark, BenchmarkUsageError } from '../benchmark.ts';
import { machine } from '../machine.ts';
import { type Spread, spreadOf } from '../samples.ts';

const targetMs = 250;

const usage = `usage: npm run bench -- compile [options]

  --element NAME,…   classes (default: all)
  --runs N           compilations of each, at least 5 (default: 5)
  --json             one JSON object a line`;

interface CompileOptions {
  /** Source files. */
  readonly files: readonly string[];
  readonly runs: number;
  readonly json: boolean;
}

interface CompileTime {
  readonly element: string;
  readonly ms: Spread;
  /** ms, in the order they were taken. */
  readonly samples: readonly number[];
}

export const compileBenchmark: Benchmark = {
  summary: 'ms that one element takes to compile and link',
  usage,
  async run(argv) {
    const options = readOptions(argv);
    const directory = mkdtempSync(join(tmpdir(), 'hotclick-bench-compile-'));
    const times: CompileTime[] = [];
    try {
      for (const file of options.files)
        times.push(await measure(file, options.runs, join(directory, 'element.so')));
    } finally {
      rmSync(directory, { recursive: true });
    }
    times.sort((a, b) => b.ms.median - a.ms.median);
    print(times, options);
  },
};

async function measure(file: string, runs: number, output: string): Promise<CompileTime> {
  const args = [
    ...elementFlags(),
    `-I${sdkDirectory}`,
    file,
    elementParts,
    ...elementLibraries,
    '-o',
    output,
  ];
  const samples: number[] = [];
  for (let run = 0; run < runs; ++run) {
    const begin = performance.now();
    await promisify(execFile)(process.env.CXX ?? 'g++', args);
    samples.push(Math.round((performance.now() - begin) * 10) / 10);
  }
  return { element: basename(file, '.cc'), ms: spreadOf(samples), samples };
}

function print(times: readonly CompileTime[], { runs, json }: CompileOptions): void {
  const lines = json
    ? times.map((time) => JSON.stringify({ ...time, target_ms: targetMs, machine }))
    : [
        `${JSON.stringify(machine)}, ${runs} runs, target ${targetMs} ms`,
        'element                  median   min … max     samples',
        ...times.map(rowOf),
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function rowOf({ element, ms, samples }: CompileTime): string {
  const range = `${ms.min.toFixed(0)} … ${ms.max.toFixed(0)}`.padEnd(13);
  const verdict = ms.median <= targetMs ? '' : '   MISSED';
  return `${element.padEnd(24)} ${ms.median.toFixed(0).padStart(6)}   ${range} [${samples.join(' ')}]${verdict}`;
}

/** @throws BenchmarkUsageError */
function readOptions(argv: readonly string[]): CompileOptions {
  const all = elementFiles();
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        element: { type: 'string' },
        runs: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
      },
    });
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 5) throw new BenchmarkUsageError('--runs is a number from 5');
    const files = values.element?.split(',').map((name) => {
      const file = all.find((one) => basename(one) === `${name}.cc`);
      if (file === undefined) throw new BenchmarkUsageError(`there is no element ${name}`);
      return file;
    });
    return { files: files ?? all, runs, json: values.json };
  } catch (error) {
    if (error instanceof BenchmarkUsageError) throw error;
    throw new BenchmarkUsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Of the built-in elements: one folder below their directory; their parts lie deeper. */
function elementFiles(): string[] {
  return readdirSync(elementSources).flatMap((folder) =>
    readdirSync(join(elementSources, folder))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(elementSources, folder, name)),
  );
}
