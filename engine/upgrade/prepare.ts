/** The last step of an upgrade that can fail: the graphs are built beside the running ones, and the journal is told. */
import { callNative, type PrepareFailure } from '../datapath/addon.ts';
import { HotclickError } from '../errors.ts';
import { configureFault } from '../graph/configure-fault.ts';
import { formatDiagnostic } from '../graph/diagnostics.ts';
import type { RevisionRecord } from '../state/journal.ts';
import { isWatched } from './canary.ts';
import { libraryVersion } from './library-shelf.ts';
import { librariesOf, recordOlder } from './older-versions.ts';
import type { RevisionDesign } from './revision.ts';
import type { StepTimer } from './step-timer.ts';
import {
  type ContinuedRevision,
  type PlannedChange,
  type PreparedChange,
  recordIfPossible,
  type UpgradeTools,
} from './transaction.ts';

/**
 * @throws HotclickError HC_CONFIGURE_FAILED, HC_STATE_SCHEMA, HC_STORE, …; nothing of the change is left then but a failed
 * revision in the journal
 */
export async function prepareChange(
  tools: UpgradeTools,
  change: PlannedChange,
  step: StepTimer,
): Promise<PreparedChange> {
  step.begin('prepare', `${change.actions.length} actions in ${tools.shards} shards`);
  const prepared = await buildGraphs(tools, change, step);
  const { continues } = change.request;
  if (continues) return continueRevision(tools, change, prepared, continues);
  let record: RevisionRecord | undefined;
  try {
    for (const loaded of librariesOf(change.design)) await tools.shelf.keep(loaded);
    record = await beginRevision(tools, change);
    await tools.journal.step(record.revision, 'prepared');
    step.begin('roll', 'shard 0');
    return { ...change, prepared, revision: record.revision };
  } catch (error) {
    await discardGraphs(tools, change, prepared);
    // A revision that was begun and refused: otherwise the journal would hold it pending, and no other could begin.
    if (record) await failRevision(tools, record, step.cancellation ?? error);
    throw error;
  }
}

/** For a dry run: as far as one can go without opening a device or making state. @throws HotclickError HC_CONFIGURE_FAILED */
export function tryConfigure(
  { engine }: UpgradeTools,
  { plan, design }: PlannedChange,
  step: StepTimer,
): void {
  step.begin('prepare', 'arguments only');
  const failure = callNative(() => engine.tryConfigure(plan));
  if (failure) throw configureError(failure, design);
}

async function continueRevision(
  { engine }: UpgradeTools,
  change: PlannedChange,
  prepared: number,
  { whenPrepared }: ContinuedRevision,
): Promise<PreparedChange> {
  try {
    return { ...change, prepared, revision: await whenPrepared(prepared) };
  } catch (error) {
    engine.discard(prepared);
    throw error;
  }
}

async function buildGraphs(
  { engine, core }: UpgradeTools,
  change: PlannedChange,
  step: StepTimer,
): Promise<number> {
  const result =
    change.strategy === 'core' && core
      ? await core.prepare(change, step)
      : callNative(() => engine.prepare(change.plan));
  if (typeof result === 'number') return result;
  throw configureError(result, change.design);
}

async function discardGraphs(
  { engine, core }: UpgradeTools,
  { strategy }: PlannedChange,
  prepared: number,
): Promise<void> {
  if (strategy === 'core') await core?.abandon();
  else engine.discard(prepared);
}

export function beginRevision(
  { journal, shards }: UpgradeTools,
  { request, design, strategy }: PlannedChange,
): Promise<RevisionRecord> {
  return journal.begin({
    kind: request.kind,
    graphText: design.graphText,
    graph: design.graph,
    libraries: Object.fromEntries(
      [...design.classes].map(([name, loaded]) => [name, libraryVersion(loaded)]),
    ),
    ...(design.older.length > 0 ? { older: recordOlder(design.older) } : {}),
    strategy,
    shards,
    ...(isWatched(request) ? { watched: true } : {}),
  });
}

export function failRevision(
  { journal }: UpgradeTools,
  { revision }: Pick<RevisionRecord, 'revision'>,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  return recordIfPossible(() => journal.fail(revision, reason));
}

/** The native message with the element's name and the place of the argument. */
export function configureError(
  { element, message, argument }: PrepareFailure,
  { graph, checked }: RevisionDesign,
): HotclickError {
  const declared = graph.elements.find(({ name }) => name === element);
  const coded = /^(HC_[A-Z_]+): (.*)$/s.exec(message);
  const said = { message: coded?.[2] ?? message, argument };
  const fault = declared ? configureFault(declared, said) : said;
  return new HotclickError(
    (coded?.[1] as 'HC_STATE_SCHEMA' | undefined) ?? 'HC_CONFIGURE_FAILED',
    formatDiagnostic(fault, checked.sourceLine),
    { details: { element, argument, ...('position' in fault ? { position: fault.position } : {}) } },
  );
}
