/** From what an upgrade names, CLASS=FILE, to classes that are loaded: signature, build, first trial. */
import type { UpgradeOptions } from '../engine-types.ts';
import { HotclickError } from '../errors.ts';
import { buildElement } from './build-element.ts';
import type { LoadedClass } from './library-shelf.ts';
import type { StepTimer } from './step-timer.ts';
import { refuseChanged, type SignaturePolicy } from './verify/signature-policy.ts';
import type { Verifier } from './verify/verifier.ts';

/** @throws HotclickError HC_SIGNATURE, HC_BUILD_FAILED, HC_LIBRARY, HC_STATE_DECLARATION, HC_STATICS, HC_VERIFY_FAILED, … */
export async function loadChanges(
  changes: Readonly<Record<string, string>>,
  { verifier, signatures }: { readonly verifier: Verifier; readonly signatures: SignaturePolicy },
  options: UpgradeOptions,
  step: StepTimer,
): Promise<Map<string, LoadedClass>> {
  const names = Object.keys(changes);
  if (names.length === 0) return new Map();
  // The process alone is to be new.
  if (names.length === 0) return new Map();
  const { signal } = step;
  const { statics = 'mapped' } = options;
  const accepted = new Map<string, string>();
  if (options.requireSignature || !signatures.isIdle) {
    step.begin('verify', `signatures of ${names.join(', ')}`);
    for (const [name, file] of Object.entries(changes))
      accepted.set(name, await signatures.accept(file, options.requireSignature));
  }
  step.begin('build', names.join(', '));
  const files = await Promise.all(
    names.map((name) => buildElement(changes[name]!, { statics, ...(signal ? { signal } : {}) })),
  );
  step.begin('verify', names.join(', '));
  const loaded = new Map<string, LoadedClass>();
  for (const [i, className] of names.entries()) {
    const [source, file] = [changes[className]!, files[i]!];
    const limits = { limit: options.verifyTimeout, signal };
    const one = await verifier.load({ file, source, className, statics }, limits);
    const content = accepted.get(className);
    if (content !== undefined) await refuseOther(source, content, one);
    loaded.set(className, one);
  }
  return loaded;
}

/** What was loaded must be what was signed; of a source, what was compiled. */
async function refuseOther(source: string, accepted: string, loaded: LoadedClass): Promise<void> {
  if (source.endsWith('.so') && loaded.sha256 !== accepted)
    throw new HotclickError('HC_SIGNATURE', `${source} was changed while it was being read`);
  await refuseChanged(source, accepted);
}
