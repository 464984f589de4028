import t from 'tap';
import { HotclickError } from '../errors.ts';
import type { RevisionDraft, RevisionRecord } from '../state/journal.ts';
import type { LoadedClass } from './library-shelf.ts';
import { MemoryJournal } from './memory-journal.ts';
import { designWith, FakeDatapath } from './testing/fake-datapath.ts';
import type { UpgradeRequest } from './transaction.ts';
import { Upgrader } from './upgrader.ts';

/** A journal that cannot write some things. */
class FailingJournal extends MemoryJournal {
  failing: 'begin' | 'prepared' | 'rolled' | 'commit' | undefined;
  readonly #full = () => Promise.reject(new HotclickError('HC_STORE', 'no space is left on the device'));

  override begin(draft: RevisionDraft): Promise<RevisionRecord> {
    const pending = this.list().find(({ status }) => status === 'pending');
    if (pending)
      return Promise.reject(new HotclickError('HC_UPGRADE_BUSY', `${pending.revision} is pending`));
    return this.failing === 'begin' ? this.#full() : super.begin(draft);
  }
  override step(revision: number, step: string): Promise<RevisionRecord> {
    return this.failing !== undefined && step.startsWith(this.failing)
      ? this.#full()
      : super.step(revision, step);
  }
  override commit(revision: number, report?: unknown): Promise<RevisionRecord> {
    return this.failing === 'commit' ? this.#full() : super.commit(revision, report);
  }
}

class FakeShelf {
  readonly kept: string[] = [];
  inUse: string[] = [];
  fault: HotclickError | undefined;
  keep({ version }: LoadedClass): Promise<void> {
    this.kept.push(version);
    return this.fault ? Promise.reject(this.fault) : Promise.resolve();
  }
  unloadAllBut(used: Iterable<LoadedClass>): void {
    this.inUse = Array.from(used, ({ className, version }) => `${className} ${version}`);
  }
}

async function start() {
  const datapath = new FakeDatapath();
  const journal = new FailingJournal();
  const shelf = new FakeShelf();
  const upgrader = new Upgrader(datapath, 2, journal, shelf);
  await upgrader.run({ kind: 'start', design: async () => designWith('1') });
  datapath.calls.length = 0;
  const upgrade = (more: Partial<UpgradeRequest> = {}) =>
    upgrader.run({ kind: 'upgrade', design: async () => designWith('2'), ...more });
  return { datapath, journal, shelf, upgrader, upgrade };
}

t.test('an upgrade rolls shard by shard, is journaled, and lets go of what it replaced', async (t) => {
  const { datapath, journal, shelf, upgrader, upgrade } = await start();
  const steps: string[] = [];
  const report = await upgrade({ strategy: 'thread', onStep: ({ step }) => steps.push(step) });
  t.match(report, { revision: 2, parent: 1, strategy: 'thread', dryRun: false });
  t.same(report.breaks, [
    { shard: 0, beginNs: 5_000_000, breakNs: 1000 },
    { shard: 1, beginNs: 10_000_000, breakNs: 1001 },
  ]);
  t.same(datapath.calls, ['prepare', 'roll 0 thread', 'roll 1 thread', 'refresh']);
  t.match(journal.get(2), { status: 'committed', steps: ['prepared', 'rolled:0', 'rolled:1'] });
  t.ok(shelf.inUse.includes('Counter 2.0.0'));
  t.notOk(shelf.inUse.includes('Counter 1.0.0'));
  t.same([...new Set(steps)], ['plan', 'prepare', 'roll', 'commit']);
  t.equal(upgrader.running?.number, 2);
});

t.test('a dry run prepares nothing and leaves no trace in the journal', async (t) => {
  const { datapath, journal, upgrader, upgrade } = await start();
  const report = await upgrade({ dryRun: true });
  t.match(report, { revision: 1, dryRun: true, breaks: [] });
  t.match(
    report.actions.find(({ element }) => element === 'c'),
    { kind: 'adopt', versions: { from: '1.0.0', to: '2.0.0' } },
  );
  t.same(datapath.calls, ['configure']);
  t.equal(journal.list().length, 1);
  t.equal(upgrader.running?.number, 1);
});

t.test(
  'what fails before the first shard rolls leaves the old revision, and the next upgrade works',
  async (t) => {
    for (const failing of ['begin', 'prepared'] as const) {
      const { datapath, journal, shelf, upgrader, upgrade } = await start();
      journal.failing = failing;
      await t.rejects(upgrade(), { code: 'HC_STORE', message: /no space/ }, failing);
      t.same(datapath.calls, ['prepare', 'discard']);
      t.equal(upgrader.running?.number, 1);
      t.notOk(shelf.inUse.includes('Counter 2.0.0'), 'the new library is let go of');
      t.notOk(journal.list().some(({ status }) => status === 'pending'));
      journal.failing = undefined;
      await upgrade();
      t.equal(upgrader.running?.classes.get('Counter')?.version, '2.0.0');
    }
  },
);

t.test('an element that refuses its arguments is named, and nothing was begun', async (t) => {
  const { datapath, journal, upgrade } = await start();
  datapath.refusal = { element: 'c', message: 'RATE is missing', argument: -1 };
  await t.rejects(upgrade(), { code: 'HC_CONFIGURE_FAILED', message: /'c :: Counter'.*RATE is missing/s });
  datapath.refusal = { element: 'c', message: 'HC_STATE_SCHEMA: no way from 2 to 1', argument: -1 };
  await t.rejects(upgrade(), { code: 'HC_STATE_SCHEMA', message: /no way from 2 to 1/ });
  t.equal(journal.list().length, 1);
});

t.test('a library that cannot be archived refuses the upgrade', async (t) => {
  const { datapath, shelf, upgrader, upgrade } = await start();
  shelf.fault = new HotclickError('HC_STORE', 'full');
  await t.rejects(upgrade(), { code: 'HC_STORE' });
  t.equal(datapath.calls.at(-1), 'discard');
  t.equal(upgrader.running?.number, 1);
});

t.test('once shards roll, a journal that cannot be written does not stop them', async (t) => {
  for (const failing of ['rolled', 'commit'] as const) {
    const { journal, upgrader, upgrade } = await start();
    journal.failing = failing;
    t.match(await upgrade(), { revision: 2 }, failing);
    t.equal(upgrader.running?.number, 2);
  }
});

t.test('the signal cancels in every step before the roll, and is ignored from there on', async (t) => {
  for (const last of ['plan', 'build', 'verify', 'prepare', 'roll', 'commit']) {
    const { journal, upgrader, upgrade } = await start();
    const controller = new AbortController();
    const outcome = upgrade({
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === last) controller.abort();
      },
      design: async (_, step) => {
        step.begin('build', 'Counter');
        step.begin('verify', 'Counter');
        return designWith('2');
      },
    });
    if (last === 'roll' || last === 'commit') {
      t.match(await outcome, { revision: 2 }, last);
      continue;
    }
    await t.rejects(outcome, {
      code: 'HC_UPGRADE_FAILED',
      message: `the upgrade was cancelled in step ${last}`,
    });
    t.equal(upgrader.running?.number, 1, `${last}: the old revision goes on`);
    t.notOk(journal.list().some(({ status }) => status === 'pending'));
    t.match(await upgrade(), { revision: journal.list().length }, 'and the next one works');
  }
});

t.test('a listener that throws refuses the upgrade before the roll and cannot stop it after', async (t) => {
  const { upgrader, upgrade } = await start();
  const throwsIn = (wanted: string) => ({
    onStep: ({ step }: { step: string }) => {
      if (step === wanted) throw new Error(`no ${wanted}`);
    },
  });
  await t.rejects(upgrade(throwsIn('prepare')), { message: 'no prepare' });
  t.equal(upgrader.running?.number, 1);
  const warned = new Promise((resolve) => process.once('warning', resolve));
  await upgrade(throwsIn('commit'));
  t.match(await warned, { message: 'no commit' });
  t.equal(upgrader.running?.classes.get('Counter')?.version, '2.0.0');
});

t.test('closing cancels what is under way, lets a roll end, and refuses what comes later', async (t) => {
  const { upgrader, upgrade } = await start();
  let reached: () => void = () => {};
  const building = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const outcome = upgrade({
    design: (_, step) => {
      step.begin('build', 'Counter');
      reached();
      return new Promise((_resolve, reject) => {
        step.signal?.addEventListener('abort', () => reject(step.signal?.reason));
      });
    },
  });
  const refused = t.rejects(outcome, {
    code: 'HC_UPGRADE_FAILED',
    message: 'the upgrade was cancelled in step build: the engine is stopping',
  });
  await building;
  await upgrader.close();
  await refused;
  await t.rejects(upgrade(), { code: 'HC_NO_ENGINE' });

  const second = await start();
  second.datapath.draining = Number.POSITIVE_INFINITY;
  const rolling = second.upgrade();
  while (second.upgrader.running?.number !== 2) await new Promise((done) => setImmediate(done));
  await second.upgrader.close();
  t.match(await rolling, { revision: 2 }, 'elements that drain are not waited for');
});

t.test('when the engine ends in the middle of a roll, the journal leaves it to the next start', async (t) => {
  const { datapath, journal, upgrade } = await start();
  datapath.deadShard = 1;
  await t.rejects(upgrade(), { message: /stopped/ });
  t.match(journal.get(2), { status: 'pending', steps: ['prepared', 'rolled:0'] });
});

t.test('a second upgrade is told to wait', async (t) => {
  const { upgrade } = await start();
  const first = upgrade();
  await t.rejects(upgrade(), { code: 'HC_UPGRADE_BUSY' });
  await first;
});

t.test('an upgrade waits for the conversion that the one before began', async (t) => {
  const { datapath, upgrade } = await start();
  const state = {
    element: 'c',
    state: 'flows',
    kind: 'table',
    records: 1,
    capacity: 1,
    converting: true,
    bytes: 1,
  };
  datapath.converting = [state as (typeof datapath.converting)[number]];
  const details: string[] = [];
  const outcome = upgrade({
    onStep: ({ detail }) => {
      details.push(detail);
      if (detail.startsWith('waiting')) datapath.converting = [];
    },
  });
  await outcome;
  t.ok(details.includes('waiting until c/flows is converted'));
});

t.test('while shards roll, both designs can be asked for', async (t) => {
  const { upgrader, upgrade } = await start();
  await upgrade();
  const known = [100, 101, 102].map((n) => upgrader.design(n)?.classes.get('Counter')?.version);
  t.same(known.filter(Boolean), ['1.0.0', '2.0.0']);
});
