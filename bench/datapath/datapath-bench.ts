/** The datapath in memory: ns per packet of the scenarios in bench/scenarios, for one thread and more. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from '../benchmark.ts';
import { type DatapathOptions, parseDatapathOptions, usage } from './datapath-options.ts';
import { DatapathReport, type DatapathResult } from './datapath-report.ts';
import { type DatapathSample, measureDatapath } from './measure-datapath.ts';
import type { Scenario } from './scenarios.ts';

export const datapathBenchmark: Benchmark = {
  summary: 'ns per packet of a source, an IP path, an IP router, filters and NAT, in memory',
  usage,
  async run(argv) {
    const options = parseDatapathOptions(argv);
    const report = new DatapathReport(options);
    report.begin();
    for (const scenario of options.scenarios) {
      for (const result of await measureScenario(scenario, options)) report.add(result);
    }
    report.end();
  },
};

/** A scenario in one of the ways it is run. */
interface Variant {
  readonly threads: number;
  readonly store: boolean;
  readonly samples: DatapathSample[];
}

/** The variants take turns, so that a machine that gets slower or faster does so for all of them. */
async function measureScenario(scenario: Scenario, options: DatapathOptions): Promise<DatapathResult[]> {
  const stores = options.store ? [false, true] : [false];
  const variants: Variant[] = options.threads.flatMap((threads) =>
    stores.map((store) => ({ threads, store, samples: [] })),
  );
  for (let run = 0; run < options.runs; ++run) {
    for (const { threads, store, samples } of variants) {
      const directory = store
        ? mkdtempSync(join(options.directory ?? tmpdir(), 'hotclick-bench-'))
        : undefined;
      const { clock, warmUpMs, measureMs } = options;
      const settings = { scenario, threads, clock, warmUpMs, measureMs };
      samples.push(
        await measureDatapath(directory === undefined ? settings : { ...settings, store: directory }),
      );
      if (directory !== undefined) rmSync(directory, { recursive: true });
    }
  }
  return variants.map((variant) => ({ scenario, ...variant }));
}
