/**
 * `npm test`: the C++ unit tests, then every *.test.ts; `--unit` leaves out the end-to-end tests of test/. Arguments that
 * are paths choose test files. Closes with "N passed, N failed".
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildDirectory, packageRoot } from '../engine/datapath/paths.ts';

interface Counts {
  passed: number;
  failed: number;
}

const skipped = new Set(['node_modules', 'dist', 'build', '.git', 'coverage']);

function testFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : testFiles(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}

/** Runs a program, shows its output, and counts by the lines that `patterns` match. */
function run(
  command: string,
  args: readonly string[],
  patterns: { passed: RegExp; failed: RegExp },
): Promise<Counts> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      output += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => {
      const counts = {
        passed: lastNumber(output, patterns.passed),
        failed: lastNumber(output, patterns.failed),
      };
      // A runner that died, or found nothing to run, is a failure whatever it printed.
      if ((status !== 0 || counts.passed === 0) && counts.failed === 0) counts.failed = 1;
      resolve(counts);
    });
  });
}

function lastNumber(text: string, pattern: RegExp): number {
  return Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);
}

// Breaks measured beside other tests say nothing about the machine: the user's history is left alone.
process.env.XDG_STATE_HOME = mkdtempSync(join(tmpdir(), 'hotclick-tests-'));
process.on('exit', () => rmSync(process.env.XDG_STATE_HOME!, { recursive: true, force: true }));

const options = process.argv.slice(2);
const chosen = options.filter((option) => !option.startsWith('--'));
const endToEnd = join(packageRoot, 'test');
const files = chosen.length > 0 ? chosen : testFiles(packageRoot);
// What needs the whole machine to itself runs alone: end-to-end tests and those in network namespaces.
const alone = files.filter((file) => file.startsWith(endToEnd) || /bench\/lab|elements\/io/.test(file));
const together = files.filter((file) => !alone.includes(file));

const total: Counts = { passed: 0, failed: 0 };
function add({ passed, failed }: Counts): void {
  total.passed += passed;
  total.failed += failed;
}
const nodePatterns = { passed: /^ℹ pass (\d+)/gm, failed: /^ℹ fail (\d+)/gm };
function nodeTests(paths: readonly string[], concurrency: number): Promise<Counts> {
  const runner = ['--import', 'tsx', '--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`];
  return run(process.execPath, [...runner, ...paths], nodePatterns);
}

if (chosen.length === 0) {
  add(
    await run(join(buildDirectory, 'unit-tests'), [], {
      passed: /^(\d+) passed, /gm,
      failed: /, (\d+) failed$/gm,
    }),
  );
}
if (together.length > 0) add(await nodeTests(together, 2));
if (alone.length > 0 && !options.includes('--unit')) add(await nodeTests(alone, 1));
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
