/** What becomes of the static variables that classes have not declared as state, when their libraries change. */
import { callNative, type NativeEngine } from '../datapath/addon.ts';
import type { StaticsReport } from '../engine-types.ts';
import type { LoadedClass } from './library-shelf.ts';
import type { RevisionDesign } from './revision.ts';
import type { UpgradeRequest } from './transaction.ts';

/**
 * Pairs them. A rollback lets go of what the newer version had added, and `mapped` of what is not declared; anything else
 * that loses a variable is refused.
 * @throws HotclickError HC_STATICS with every variable that cannot be carried over, and why
 */
export function matchStatics(
  engine: Pick<NativeEngine, 'matchStatics'>,
  running: RevisionDesign | undefined,
  design: RevisionDesign,
  { kind, statics = 'mapped' }: Pick<UpgradeRequest, 'kind' | 'statics'>,
): StaticsReport[] {
  const mayLose = kind === 'rollback' || statics === 'mapped';
  return [...(running?.classes ?? [])].flatMap(([name, before]) => {
    const after = design.classes.get(name);
    return (after ? matchOne(engine, before, after, mayLose) : goneWithClass(before)) ?? [];
  });
}

function matchOne(
  engine: Pick<NativeEngine, 'matchStatics'>,
  before: LoadedClass,
  after: LoadedClass,
  mayLose: boolean,
): StaticsReport | undefined {
  if (after.library === before.library || (!before.statics && !after.statics)) return undefined;
  const match = callNative(() => engine.matchStatics(before.library, after.library, mayLose));
  return match ? { className: after.className, mode: after.statics ?? 'mapped', ...match } : undefined;
}

/** With its last element a class's statics are gone. */
function goneWithClass({ className, statics, elementClass }: LoadedClass): StaticsReport | undefined {
  if (!statics || !elementClass.statics) return undefined;
  const { variables, bytes } = elementClass.statics;
  const nothing = { created: [], lost: [], readNs: 0, matchNs: 0 };
  return { className, mode: statics, how: 'lost', variables, bytes, ...nothing };
}
