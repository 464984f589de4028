/**
 * The benchmarks: `npm run bench -- NAME [options]`. Exit status 2 when the command line is wrong.
 *
 * A new one is a module that exports a Benchmark, and a line in the table below.
 */
import { type Benchmark, BenchmarkUsageError } from './benchmark.ts';

/** Loaded when asked for, so that one that cannot be loaded does not keep the others from running. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  compile: async () => (await import('./compile/compile-bench.ts')).compileBenchmark,
  datapath: async () => (await import('./datapath/datapath-bench.ts')).datapathBenchmark,
  statics: async () => (await import('./statics/statics-bench.ts')).staticsBenchmark,
  report: async () => (await import('./report/report-bench.ts')).reportBenchmark,
  store: async () => (await import('./store/store-bench.ts')).storeBenchmark,
  upgrade: async () => (await import('./upgrade/upgrade-bench.ts')).upgradeBenchmark,
};

async function list(): Promise<string> {
  const lines = ['usage: npm run bench -- NAME [options]', ''];
  for (const [name, load] of Object.entries(benchmarks)) {
    lines.push(`  ${name.padEnd(10)} ${(await load()).summary}`);
  }
  return `${lines.join('\n')}\n`;
}

async function main([name, ...options]: readonly string[]): Promise<void> {
  const load = name === undefined ? undefined : benchmarks[name];
  if (!load) {
    const asked = name === undefined || name === '--help' || name === '-h';
    if (!asked) process.stderr.write(`there is no benchmark '${name}'\n`);
    (asked ? process.stdout : process.stderr).write(await list());
    process.exitCode = asked ? 0 : 2;
    return;
  }
  const benchmark = await load();
  if (options.includes('--help') || options.includes('-h')) {
    process.stdout.write(`${benchmark.summary}\n\n${benchmark.usage}\n`);
    return;
  }
  try {
    await benchmark.run(options);
  } catch (error) {
    if (!(error instanceof BenchmarkUsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${benchmark.usage}\n`);
    process.exitCode = 2;
  }
}

await main(process.argv.slice(2));
