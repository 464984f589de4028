/** One new class on the bench of the child process: its test vectors, and what they leave in its state. */
import type { HarnessSpec, StatePointer } from '../../datapath/addon.ts';
import { HotclickError } from '../../errors.ts';
import type { LoadedClass } from '../library-shelf.ts';
import { stateImage } from './state-image.ts';
import { refusePointers } from './state-pointers.ts';
import type { Trial, TrialLimits } from './trial.ts';
import type { BenchStep } from './trial-requests.ts';
import type { Vector } from './vector-file.ts';
import { readVectors } from './vector-file.ts';
import { callsOf } from './vector-run.ts';

/** The number of vectors that passed. @throws HotclickError HC_VERIFY_FAILED with the first that did not */
export async function runVectors(
  trial: Trial,
  loaded: LoadedClass,
  library: string,
  file: string,
  limits: TrialLimits,
): Promise<number> {
  const vectors = await readVectors(file);
  for (const vector of vectors) await runVector(trial, loaded, library, vector, limits);
  return vectors.length;
}

async function runVector(
  trial: Trial,
  { className, version, elementClass, statics }: LoadedClass,
  library: string,
  vector: Vector,
  limits: TrialLimits,
): Promise<void> {
  const { args, inputs, outputs } = vector;
  const doing = `${className} ${version}, vector '${vector.name}'`;
  const spec: HarnessSpec = {
    library,
    className,
    args,
    inputs,
    outputs,
    ...(statics ? { staticsMode: statics } : {}),
    ...stateImage(elementClass, vector.state),
  };
  const calls = vector.steps.flatMap(callsOf);
  const steps: BenchStep[] = [...calls.map(({ call }) => call), ['statePointers']];
  const results = await trial.ask('steps', { spec, steps }, doing, limits).catch((cause: unknown) => {
    if (!(cause instanceof HotclickError) || cause.code === 'HC_VERIFY_FAILED') throw cause;
    throw new HotclickError('HC_VERIFY_FAILED', `${doing}: ${cause.message}`, { cause });
  });
  for (const [i, { at, check }] of calls.entries()) {
    const fault = check(results[i]);
    if (fault === undefined) continue;
    throw new HotclickError('HC_VERIFY_FAILED', `${doing}: ${fault} (${at})`, {
      details: { className, version, vector: vector.name, at },
    });
  }
  refusePointers(doing, results.at(-1) as readonly StatePointer[]);
}
