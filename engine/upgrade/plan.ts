/** The first step of an upgrade: what is to be done, with the design built and verified by whoever asked for it. */
import { diffGraphs, type GraphAction } from '../graph/diff.ts';
import { type OlderVersion, olderVersions, withOlderVersions } from './older-versions.ts';
import { endedVersions } from './retire.ts';
import { graphPlan, type LiveStates, plannedActions, type Revision } from './revision.ts';
import { matchStatics } from './statics.ts';
import type { StepTimer } from './step-timer.ts';
import {
  lookInterval,
  type PlannedChange,
  pause,
  type UpgradeRequest,
  type UpgradeTools,
} from './transaction.ts';

const emptyGraph = { elements: [], connections: [], requirements: [] };

/** @throws HotclickError of building or verifying; HC_UPGRADE_FAILED when the signal cancelled it */
export async function planChange(
  tools: UpgradeTools,
  request: UpgradeRequest,
  running: Revision | undefined,
  step: StepTimer,
): Promise<PlannedChange> {
  step.begin('plan', `from revision ${running?.number ?? 0}`);
  await untilConverted(tools, step);
  await untilMoved(tools, running, step);
  const designed = await request.design(running, step);
  const graphActions = diffGraphs(running?.graph ?? emptyGraph, designed.graph, (className) => {
    const sha256 = designed.classes.get(className)?.sha256;
    return sha256 === undefined || running?.classes.get(className)?.sha256 !== sha256;
  });
  const older = running ? remaining(tools, request, running, graphActions) : designed.older;
  const design = { ...designed, older };
  const statics = matchStatics(tools.engine, running, design, request);
  return {
    request,
    strategy: request.strategy ?? 'swap',
    running,
    design,
    actions: withOlderVersions(
      plannedActions(graphActions, design, running, statics, liveTables(tools)),
      design,
      running,
    ),
    statics,
    plan: graphPlan(design, running, graphActions),
  };
}

function liveTables({ engine, shards }: UpgradeTools): LiveStates {
  const tables = new Map<string, { records: number; bytes: number }>();
  for (let shard = 0; shard < shards; ++shard) {
    for (const { element, state, kind, records, bytes } of engine.states(shard)) {
      if (kind !== 'table') continue;
      const sum = tables.get(`${element}/${state}`) ?? { records: 0, bytes: 0 };
      tables.set(`${element}/${state}`, { records: sum.records + records, bytes: sum.bytes + bytes });
    }
  }
  return tables;
}

/**
 * A table converts to one layout at a time, and records move to one place: waits for what the upgrade before began.
 * Older versions whose records have moved leave by themselves.
 */
async function untilConverted({ engine, shards }: UpgradeTools, step: StepTimer): Promise<void> {
  const converting = () => {
    for (let shard = 0; shard < shards; ++shard) {
      const state = engine.states(shard).find((one) => one.converting);
      if (state) return state;
    }
    return undefined;
  };
  for (let state = converting(); state; state = converting()) {
    step.begin('plan', `waiting until ${state.element}/${state.state} is converted`);
    await pause(lookInterval);
  }
}

async function untilMoved(
  tools: UpgradeTools,
  running: Revision | undefined,
  step: StepTimer,
): Promise<void> {
  const moving = () => {
    const ended = running ? endedVersions(tools, running) : [];
    return running?.older.find((version) => version.moves && !ended.includes(version));
  };
  for (let version = moving(); version; version = moving()) {
    step.begin('plan', `waiting until the records of ${version.name} have moved`);
    await pause(lookInterval);
  }
}

/** Older versions that have ended meanwhile leave with this change. */
function remaining(
  tools: UpgradeTools,
  request: UpgradeRequest,
  running: Revision,
  actions: readonly GraphAction[],
): OlderVersion[] {
  const ended = new Set(endedVersions(tools, running).map(({ name }) => name));
  return olderVersions(running, actions, request).filter(({ name }) => !ended.has(name));
}
