import { HotclickError } from '../errors.ts';
import type { PlannedChange } from '../upgrade/transaction.ts';

/** Memory that is taken over is found by the names of elements. @throws HotclickError HC_UPGRADE_FAILED */
export function refuseRenamed({ actions }: PlannedChange): void {
  const renamed = actions.find(
    ({ from, element, states }) => from !== undefined && from !== element && states.length > 0,
  );
  if (renamed === undefined) return;
  throw new HotclickError(
    'HC_UPGRADE_FAILED',
    `${renamed.element} would go on with the state of ${renamed.from}, which cannot change its name on the way to another process`,
    { hint: 'change the graph by the strategy swap, and the process by another upgrade' },
  );
}
