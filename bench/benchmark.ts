/** What `npm run bench -- NAME` runs: one module for each benchmark exports one of these. */
export interface Benchmark {
  /** One line for the list of benchmarks. */
  readonly summary: string;
  /** How it is called and what its options mean. */
  readonly usage: string;
  /**
   * Measures and prints to standard output.
   * @throws BenchmarkUsageError when the options are wrong
   */
  run(argv: readonly string[]): Promise<void>;
}

/** The command line is wrong; the message says how. */
export class BenchmarkUsageError extends Error {
  override readonly name = 'BenchmarkUsageError';
}
