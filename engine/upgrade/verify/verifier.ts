/** The verify step: everything that is found out about a change before the running graph hears of it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NativeEngine } from '../../datapath/addon.ts';
import { elementDirectory } from '../../datapath/paths.ts';
import type { StaticsMode, VectorsReport, VerifyReport } from '../../engine-types.ts';
import { HotclickError } from '../../errors.ts';
import type { CheckedChange } from '../checks.ts';
import type { LibraryShelf, LoadedClass } from '../library-shelf.ts';
import { isNewVersion, librariesOf } from '../older-versions.ts';
import { configureError } from '../prepare.ts';
import type { StepTimer } from '../step-timer.ts';
import { runVectors } from './class-trial.ts';
import { schemaPath } from './schema-path.ts';
import { checkLiveState, refusePointers, undeclaredBytes } from './state-pointers.ts';
import { Trial, type TrialLimits } from './trial.ts';

export class Verifier {
  readonly #engine: Pick<NativeEngine, 'statePointers'>;
  readonly #shelf: LibraryShelf;
  readonly #shards: number;
  readonly #trial = new Trial();
  /** By content of the library: where the vectors of a class that an upgrade brought lie. */
  readonly #vectors = new Map<string, string>();

  constructor(engine: Pick<NativeEngine, 'statePointers'>, shelf: LibraryShelf, shards: number) {
    this.#engine = engine;
    this.#shelf = shelf;
    this.#shards = shards;
  }

  /**
   * Loads a library, in a child process first. `source`: the file that the upgrade named; vectors lie beside it.
   * @throws HotclickError HC_LIBRARY, HC_STATE_DECLARATION, HC_STATICS, HC_VERIFY_FAILED
   */
  async load(
    {
      file,
      source,
      className,
      statics,
    }: { file: string; source: string; className: string; statics: StaticsMode },
    limits: TrialLimits,
  ): Promise<LoadedClass> {
    await this.#trial
      .ask('describe', { file, statics }, `loading ${source}`, limits)
      .catch((cause: unknown) => {
        if (!(cause instanceof HotclickError) || cause.code === 'HC_VERIFY_FAILED') throw cause;
        const { code, hint, details } = cause;
        throw new HotclickError(code, `${source}: ${cause.message}`, { cause, hint, details });
      });
    const loaded = await this.#shelf.load(file, className, statics);
    const vectors = join(dirname(source), `${className}.vectors.json`);
    if (existsSync(vectors)) this.#vectors.set(loaded.sha256, vectors);
    else this.#vectors.delete(loaded.sha256);
    return loaded;
  }

  async verify(change: CheckedChange, step: StepTimer): Promise<VerifyReport> {
    const limits = { limit: change.request.verifyTimeout, signal: step.signal };
    step.begin('verify', 'state schemas');
    const fresh = newClasses(change);
    const warnings = [
      ...checkSchemas(change),
      ...fresh.flatMap(({ elementClass }) => undeclaredBytes(elementClass)),
    ];
    checkLiveState(this.#engine, this.#shards, change);
    if (change.actions.every(({ kind }) => kind === 'keep' || kind === 'drain')) {
      return { warnings, vectors: [] };
    }
    step.begin('verify', `configuring ${change.plan.nodes.length} elements in a child process`);
    await this.#configure(change, limits);
    const vectors: VectorsReport[] = [];
    for (const loaded of fresh) {
      const file = this.#vectorsOf(loaded);
      const { className, version } = loaded;
      if (file === undefined) {
        vectors.push({ className, version, passed: 0 });
        continue;
      }
      step.begin('verify', `test vectors of ${className} ${version}`);
      const passed = await runVectors(this.#trial, loaded, this.#shelf.fileOf(loaded), file, limits);
      vectors.push({ className, version, passed, file });
    }
    return { warnings, vectors };
  }

  end(): void {
    this.#trial.end();
  }

  /** The whole graph is configured and initialised beside nothing: a crash there is not one here. */
  async #configure({ plan, design }: CheckedChange, limits: TrialLimits): Promise<void> {
    const libraries = librariesOf(design);
    const indexOf = new Map(libraries.map(({ library }, i) => [library, i]));
    const { refusal, pointers } = await this.#trial.ask(
      'prepare',
      {
        shards: this.#shards,
        files: libraries.map((loaded) => this.#shelf.fileOf(loaded)),
        statics: libraries.map(({ statics }) => statics ?? 'mapped'),
        nodes: plan.nodes.map((node) => ({
          ...node,
          library: indexOf.get(node.library) ?? -1,
          predecessor: '',
          keep: false,
        })),
        edges: plan.edges,
      },
      'configuring the new graph',
      limits,
    );
    if (refusal) throw configureError(refusal, design);
    refusePointers(`element '${pointers[0]?.element}' as it begins`, pointers);
  }

  #vectorsOf({ className, sha256, installed }: LoadedClass): string | undefined {
    const file = this.#vectors.get(sha256) ?? join(elementDirectory, `${className}.vectors.json`);
    return (this.#vectors.has(sha256) || installed) && existsSync(file) ? file : undefined;
  }
}

/** Classes whose library the running revision does not have. */
function newClasses({ running, design }: CheckedChange): LoadedClass[] {
  return [...design.classes].flatMap(([name, loaded]) =>
    running.classes.get(name)?.sha256 === loaded.sha256 ? [] : [loaded],
  );
}

/** @throws HotclickError HC_STATE_SCHEMA */
function checkSchemas({ running, design, actions }: CheckedChange): string[] {
  const warnings: string[] = [];
  const adopted = new Set(actions.filter(isNewVersion).map(({ className }) => className));
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
