/** Several classes upgraded one after the other instead of as one. */
import type { UpgradeReport } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { buildElement } from './build-element.ts';

type Changes = Readonly<Record<string, string>>;

/** One report of all; those before one that fails stay. @throws HotclickError of the first that fails */
export async function upgradeInTurn(
  changes: Changes,
  upgrade: (one: Changes) => Promise<UpgradeReport>,
): Promise<UpgradeReport> {
  // All are built before the first changes: a slip of the pen in the last must not leave half of them.
  await Promise.all(Object.values(changes).map((file) => buildElement(file)));
  const reports: UpgradeReport[] = [];
  for (const [className, file] of Object.entries(changes)) reports.push(await upgrade({ [className]: file }));
  const [first, last] = [reports[0], reports.at(-1)];
  if (!first || !last) throw new HotclickError('HC_ARGUMENT', 'no class is named; give CLASS=FILE');
  const timings: Record<string, number> = {};
  for (const report of reports) {
    for (const [step, ms] of Object.entries(report.timings)) timings[step] = (timings[step] ?? 0) + ms;
  }
  return {
    ...last,
    parent: first.parent,
    actions: reports.flatMap(({ actions }) => actions.filter(({ kind }) => kind !== 'keep')),
    breaks: reports.flatMap(({ breaks }) => breaks),
    timings,
  };
}
