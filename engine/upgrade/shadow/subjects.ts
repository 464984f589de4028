/** Which elements of a change can be compared with what runs: those that take another instance's place. */
import type { CheckedElement, CheckedGraph } from '../../graph/check.ts';
import type { CheckedChange } from '../checks.ts';
import type { LoadedClass } from '../library-shelf.ts';
import { isNewVersion } from '../older-versions.ts';

/** How an element stands in a graph. */
export interface ElementPlace {
  readonly args: readonly string[];
  readonly inputs: number;
  readonly outputs: number;
}

export interface ShadowSubject {
  /** Its name in the new graph, and in the running one. */
  readonly element: string;
  readonly from: string;
  readonly was: LoadedClass;
  readonly to: LoadedClass;
  readonly old: ElementPlace;
  readonly next: ElementPlace;
}

/** An element without inputs is given no packets, so there is nothing to compare. */
export function shadowSubjects({ running, design, actions }: CheckedChange): ShadowSubject[] {
  return actions.filter(isNewVersion).flatMap(({ element, from = element, className }) => {
    const was = running.classes.get(className);
    const to = design.classes.get(className);
    const before = placeOf(running.checked, from);
    const after = placeOf(design.checked, element);
    if (!was || !to || !before || !after || before.inputs === 0) return [];
    return [{ element, from, was, to, old: before, next: after }];
  });
}

function placeOf({ byName }: CheckedGraph, name: string): ElementPlace | undefined {
  const found: CheckedElement | undefined = byName.get(name);
  return found && { args: found.element.args, inputs: found.inputs.length, outputs: found.outputs.length };
}
