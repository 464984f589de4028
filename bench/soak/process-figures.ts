/** What a process holds: memory, descriptors, mappings, element libraries. */
import { readdirSync, readFileSync } from 'node:fs';
import { type Fit, fitLine, isFlat, type Sample } from './flatness.ts';

export interface ProcessFigures {
  /** Resident memory without pages shared with files, bytes. */
  readonly memory: number;
  readonly descriptors: number;
  /** Of files and of memory that has a name: libraries, state, rings. What allocators map is in `memory`. */
  readonly mappings: number;
  /** Different element libraries that are mapped. */
  readonly libraries: number;
}

export function readFigures(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n');
  const libraries = maps.flatMap((line) => /\s(\d+)\s+\/memfd:hotclick-element/.exec(line)?.[1] ?? []);
  return {
    memory: Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mappings: maps.filter((line) => line.includes('/')).length,
    libraries: new Set(libraries).size,
  };
}

/** By how much each may grow over a whole run. What is left to memory is room that allocators keep. */
const allowed: Readonly<Record<keyof ProcessFigures, number>> = {
  memory: 8 * 1024 * 1024,
  descriptors: 2,
  mappings: 8,
  libraries: 1,
};

export interface FigureReport extends Fit {
  readonly figure: keyof ProcessFigures;
  readonly allowed: number;
  readonly flat: boolean;
}

/** Samples of one process. */
export class FigureLog {
  readonly #samples: { readonly at: number; readonly figures: ProcessFigures }[] = [];

  add(at: number, figures: ProcessFigures): void {
    this.#samples.push({ at, figures });
  }

  get length(): number {
    return this.#samples.length;
  }

  report(): FigureReport[] {
    return (Object.keys(allowed) as (keyof ProcessFigures)[]).map((figure) => {
      const samples = this.#samples.map(({ at, figures }): Sample => ({ at, value: figures[figure] }));
      const fit = fitLine(samples);
      return { figure, ...fit, allowed: allowed[figure], flat: isFlat(fit, allowed[figure]) };
    });
  }
}
