/** The verify step: everything that is found out about a change before the running graph hears of it. */
import type { VerifyReport } from '../../engine-types.ts';
import { HotclickError } from '../../errors.ts';
import type { CheckedChange, UpgradeChecks } from '../checks.ts';
import type { StepTimer } from '../step-timer.ts';
import { schemaPath } from './schema-path.ts';

export class Verifier implements UpgradeChecks {
  async verify(change: CheckedChange, step: StepTimer): Promise<VerifyReport> {
    step.begin('verify', 'state schemas');
    return { warnings: checkSchemas(change) };
  }

  async shadow(): Promise<undefined> {}

  end(): void {}
}

/** @throws HotclickError HC_STATE_SCHEMA */
function checkSchemas({ running, design, actions }: CheckedChange): string[] {
  const warnings: string[] = [];
  const adopted = new Set(actions.filter(({ kind }) => kind === 'adopt').map(({ className }) => className));
  for (const className of adopted) {
    const from = running.classes.get(className);
    const to = design.classes.get(className);
    if (!from || !to || from.sha256 === to.sha256) continue;
    const path = schemaPath(from.elementClass, to.elementClass);
    const [refusal] = path.refusals;
    if (refusal !== undefined) throw new HotclickError('HC_STATE_SCHEMA', refusal);
    warnings.push(...path.warnings);
  }
  return warnings;
}
