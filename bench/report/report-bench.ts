/** Makes the report of the upgrade benchmark again from what it saved. */
import { basename, dirname, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Benchmark, BenchmarkUsageError } from '../benchmark.ts';
import { type ResultLine, readResults } from '../upgrade/result-file.ts';
import { writeReport } from './write-report.ts';

export const reportBenchmark: Benchmark = {
  summary: 'the report of saved results: HTML with plots, and these as SVG and PNG',
  usage: `usage: npm run bench -- report FILE.jsonl… [--out DIRECTORY]

  FILE.jsonl     what \`npm run bench -- upgrade --save FILE.jsonl\` has written
  --out          where the report goes (default: beside the first file, under its name)`,
  async run(argv) {
    const { files, out } = parse(argv);
    const lines: ResultLine[] = [];
    for (const file of files) lines.push(...(await readResults(file)));
    for (const file of await writeReport(lines, out)) process.stdout.write(`${file}\n`);
  },
};

function parse(argv: readonly string[]): { files: readonly string[]; out: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { out: { type: 'string' } },
      allowPositionals: true,
    });
    const [first] = positionals;
    if (first === undefined) throw new Error('which results?');
    return {
      files: positionals,
      out: values.out ?? join(dirname(first), basename(first, extname(first))),
    };
  } catch (error) {
    throw new BenchmarkUsageError(error instanceof Error ? error.message : String(error));
  }
}
