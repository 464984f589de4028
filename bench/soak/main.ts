/** `npm run soak`: see options.ts. */
import { randomInt } from 'node:crypto';
import { enterUserNamespace } from '../lab/privilege.ts';
import { machine } from '../machine.ts';
import { readOptions, type SoakOptions, SoakUsageError, usage } from './options.ts';
import { type SoakProgress, type SoakSummary, soak } from './soak.ts';
import { type SwapsSummary, swaps } from './swaps.ts';

const usageError = 2;

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    print(usage);
    return 0;
  }
  const options = readOptions(argv, () => randomInt(2 ** 31));
  if (options.swaps !== undefined)
    return reportSwaps(options, await swaps(options, progressOfSwaps(options)));
  const privilege = await enterUserNamespace();
  if (privilege.kind === 'delegated') return privilege.exitStatus;
  process.stderr.write(`seed ${options.seed}, ${options.seconds} s\n`);
  return reportSoak(options, await soak(options, progressOf(options)));
}

/** One line for each operation as JSON; for people a line that stays where it is, and one for what went wrong. */
function progressOf({ json }: SoakOptions): (progress: SoakProgress) => void {
  return (progress) => {
    const { seconds, operation, kind, what, fault } = progress;
    if (json) return print(JSON.stringify({ ...progress, seconds: Number(seconds.toFixed(3)) }));
    const line = `${seconds.toFixed(1).padStart(7)} s  operation ${operation}: ${kind}: ${what}`;
    if (fault !== undefined) process.stderr.write(`\r\x1b[K${line}: ${fault}\n`);
    else if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns - 1)}`);
    else if (operation % 50 === 0) process.stderr.write(`${line}\n`);
  };
}

function progressOfSwaps({ swaps: all }: SoakOptions): (done: number) => void {
  return (done) => {
    const line = `${done} of ${all} swaps`;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  };
}

function reportSoak({ json }: SoakOptions, summary: SoakSummary): number {
  if (json) print(JSON.stringify({ ...summary, machine }));
  else {
    const { operations, changes, packets, losses, checks, records, most, violations } = summary;
    print(`seed ${summary.seed}, ${summary.seconds} s: ${changes} upgrades, rollbacks and graphs`);
    print(
      `  ${Object.entries(operations)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ')}`,
    );
    print(
      `  ${packets.sent} packets: ${packets.lost} lost, ${packets.duplicated} twice, ${packets.reordered} out of order`,
    );
    for (const [cause, count] of Object.entries(losses)) print(`    ${count} lost: ${cause}`);
    print(
      `  ${checks} checks of ${records} records; at most ${most.libraries} libraries, ${most.descriptors} descriptors`,
    );
    for (const { during, what } of violations) print(`  MUST NOT BE: ${during}: ${what}`);
    print(violations.length === 0 ? '  all was as it must be' : `  ${violations.length} faults`);
  }
  return summary.violations.length === 0 ? 0 : 1;
}

function reportSwaps({ json }: SoakOptions, summary: SwapsSummary): number {
  const { figures, libraries, classes, lost } = summary;
  const isWell = figures.every(({ flat }) => flat) && libraries <= classes && lost === 0;
  if (json) print(JSON.stringify({ ...summary, machine }));
  else {
    print(`${summary.swaps} swaps in ${summary.seconds} s under ${summary.packets} packets, ${lost} lost`);
    for (const { figure, first, last, growth, noise, flat } of figures) {
      const numbers = `${first} at first, ${last} at last, grows by ${growth.toFixed(1)}, noise ${noise.toFixed(1)}`;
      print(`  ${figure}: ${numbers}: ${flat ? 'flat' : 'NOT FLAT'}`);
    }
    print(`  ${libraries} libraries are mapped, of ${classes} classes`);
  }
  return isWell ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof SoakUsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}\n`);
  return usageError;
});
