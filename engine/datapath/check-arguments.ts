/** Asks the elements of a graph whether they take their arguments, without running any of them. */

import type { CheckedElement, CheckedGraph } from '../graph/check.ts';
import { configureFault } from '../graph/configure-fault.ts';
import type { Diagnostic } from '../graph/diagnostics.ts';
import { addon, callNative } from './addon.ts';
import { ClassCatalogue } from './class-catalogue.ts';

/** The faults in the order of the graph's elements. No device and no file is opened. */
export async function argumentFaults(graph: CheckedGraph): Promise<Diagnostic[]> {
  const catalogue = await ClassCatalogue.open();
  const faults = new Map<CheckedElement, Diagnostic>();
  for (const [className, elements] of byClass(graph)) {
    const file = catalogue.fileOf(className);
    if (file === undefined) continue;
    const specs = elements.map(({ element, inputs, outputs }) => ({
      name: element.name,
      className,
      args: element.args,
      inputs: inputs.length,
      outputs: outputs.length,
    }));
    for (const [index, refusal] of callNative(() => addon().checkArguments(file, specs)).entries()) {
      const checked = elements[index]!;
      if (refusal !== null) faults.set(checked, configureFault(checked.element, refusal));
    }
  }
  return graph.elements.flatMap((checked) => faults.get(checked) ?? []);
}

function byClass({ elements }: CheckedGraph): Map<string, CheckedElement[]> {
  const classes = new Map<string, CheckedElement[]>();
  for (const checked of elements) {
    const { className } = checked.element;
    classes.set(className, [...(classes.get(className) ?? []), checked]);
  }
  return classes;
}
