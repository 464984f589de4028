import t from 'tap';
import type { NativeFault } from '../datapath/addon.ts';
import type { HotclickError } from '../errors.ts';
import { MemoryJournal } from './memory-journal.ts';
import { designWith, FakeDatapath } from './testing/fake-datapath.ts';
import type { UpgradeRequest } from './transaction.ts';
import { Upgrader } from './upgrader.ts';

const shelf = { keep: () => Promise.resolve(), unloadAllBut: () => {} };

function crash(shard: number, more: Partial<NativeFault> = {}): NativeFault {
  return {
    shard,
    signal: 'SIGSEGV',
    address: 16,
    recoveryNs: 30_000,
    element: 'c',
    className: 'Counter',
    version: '2.0.0',
    backtrace: ['Counter::action(Batch&)+0x12 in Counter 2.0.0'],
    packetLength: 60,
    packetHead: Uint8Array.of(2, 0),
    ...more,
  };
}

async function start() {
  const datapath = new FakeDatapath();
  const journal = new MemoryJournal();
  const upgrader = new Upgrader(datapath, 2, journal, shelf);
  await upgrader.run({ kind: 'start', design: async () => designWith('1') });
  datapath.calls.length = 0;
  const upgrade = (more: Partial<UpgradeRequest> = {}) =>
    upgrader.run({ kind: 'upgrade', design: async () => designWith('2'), ...more });
  /** Tells of a fault as soon as a shard was rolled. */
  const failIn = (shard: number, fault = crash(shard)) => {
    const roll = datapath.roll.bind(datapath);
    datapath.roll = async (at, ...rest) => {
      const measured = await roll(at, ...rest);
      if (at === shard) upgrader.hearFault(fault);
      return measured;
    };
  };
  return { datapath, journal, upgrader, upgrade, failIn };
}

t.test('a canary is rolled and watched before the other shards', async (t) => {
  const { datapath, journal, upgrade } = await start();
  const steps: string[] = [];
  const report = await upgrade({
    canary: 1,
    watch: 30,
    onStep: ({ step, detail }) => steps.push(`${step} ${detail}`),
  });
  t.match(report.watches, [
    { stage: 'canary', shards: [0] },
    { stage: 'all', shards: [0, 1] },
  ]);
  t.same(
    report.watches?.[0]?.readings.map(({ guard, tripped }) => [guard, tripped]),
    [
      ['drops', false],
      ['throughput', false],
      ['latency', false],
      ['divergence', false],
    ],
  );
  t.match(journal.get(2), {
    status: 'committed',
    watched: true,
    steps: ['prepared', 'rolled:0', 'watched:canary', 'rolled:1', 'watched'],
  });
  const order = datapath.calls.filter((call) => !call.startsWith('refresh'));
  t.same(order, ['observe', 'prepare', 'roll 0 swap', 'roll 1 swap', 'stop observing']);
  const kinds = steps.map((step) => step.split(' ')[0]);
  t.same(kinds, ['plan', 'watch', 'prepare', 'roll', 'canary', 'roll', 'watch', 'commit']);
});

t.test('a crash takes back every shard, says what happened, and the next upgrade works', async (t) => {
  for (const shard of [0, 1]) {
    const { datapath, journal, upgrader, upgrade, failIn } = await start();
    failIn(shard);
    const error = await upgrade().then(
      () => undefined,
      (reason: HotclickError) => reason,
    );
    t.match(error, {
      code: 'HC_UPGRADE_FAULT',
      message:
        /^c :: Counter 2\.0\.0 raised SIGSEGV at address 0x10 in shard \d; every shard runs revision 1 again, 32 packets were lost with it\n {4}at Counter::action\(Batch&\)\+0x12 in Counter 2\.0\.0\n {2}with a packet of 60 bytes: 0200$/,
      details: { fault: { shard, kind: 'SIGSEGV', packetsLost: 32, packet: { length: 60, head: '0200' } } },
    });
    t.same(datapath.calls.slice(-5), [
      'take back 0',
      'take back 1',
      `reclaim ${shard}`,
      'refresh',
      'abandon',
    ]);
    t.match(journal.get(2), { status: 'undone', reason: error?.message });
    t.ok(journal.get(2)?.steps.includes('undoing'));
    t.equal(upgrader.running?.number, 1);
    datapath.roll = FakeDatapath.prototype.roll.bind(datapath);
    t.match(await upgrade(), { revision: 3, parent: 1 });
  }
});

t.test('a crash during the watch ends it at once', async (t) => {
  const { upgrader, upgrade } = await start();
  const outcome = upgrade({
    watch: 600_000,
    onStep: ({ step, detail }) => {
      if (step === 'watch' && detail.startsWith('shards')) {
        setImmediate(() => upgrader.hearFault(crash(1, { signal: '' })));
      }
    },
  });
  await t.rejects(outcome, { code: 'HC_UPGRADE_FAULT', message: /did not come to its end within 100 ms/ });
});

t.test('a shard that goes back in the last moment takes the others with it', async (t) => {
  const { datapath, upgrader, upgrade } = await start();
  datapath.goneBack.add(1);
  datapath.endWatch = async (shard) => {
    if (shard === 1) upgrader.hearFault(crash(1));
    return !datapath.goneBack.has(shard);
  };
  await t.rejects(upgrade(), { code: 'HC_UPGRADE_FAULT' });
  t.ok(datapath.calls.includes('take back 0'));
  t.equal(upgrader.running?.number, 1);
});

t.test('a guard that trips takes the canary back; the other shards never changed', async (t) => {
  const { datapath, journal, upgrade } = await start();
  let rolled = false;
  const roll = datapath.roll.bind(datapath);
  datapath.roll = (...args) => {
    rolled = true;
    return roll(...args);
  };
  let dropped = 0;
  datapath.drops = (shard) => {
    if (rolled && shard === 0) dropped += 500;
    return { denied: rolled && shard === 0 ? dropped : 0 };
  };
  await t.rejects(upgrade({ canary: 1, watch: 50 }), {
    code: 'HC_UPGRADE_GUARD',
    message:
      /^guard drops tripped in shard 0: 0\.\d+ \(c: denied\) where 0\.05 is allowed; every shard runs revision 1 again$/,
    details: { guard: { guard: 'drops', limit: 0.05 } },
  });
  t.notOk(datapath.calls.includes('roll 1 swap'));
  t.match(journal.get(2), { status: 'undone', steps: ['prepared', 'rolled:0', 'undoing'] });
  rolled = false;
  t.match(await upgrade({ canary: 1, watch: 50, guards: { drops: 'off', divergence: 'off' } }), {
    revision: 3,
  });
});

t.test('a watch can be cancelled: every shard goes back', async (t) => {
  const { datapath, journal, upgrader, upgrade } = await start();
  const controller = new AbortController();
  const outcome = upgrade({
    canary: 1,
    watch: 200,
    signal: controller.signal,
    onStep: ({ step }) => {
      if (step === 'canary') controller.abort();
    },
  });
  await t.rejects(outcome, {
    code: 'HC_UPGRADE_FAILED',
    message: 'the upgrade was cancelled in step canary',
  });
  t.ok(datapath.calls.includes('take back 0'));
  t.match(journal.get(2), { status: 'undone' });
  t.equal(upgrader.running?.number, 1);
});

t.test('an engine that stops during a watch goes back first', async (t) => {
  const { journal, upgrader, upgrade } = await start();
  let watching: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    watching = resolve;
  });
  const outcome = upgrade({
    canary: 1,
    watch: 2000,
    onStep: ({ step }) => {
      if (step === 'canary') watching();
    },
  });
  const refused = t.rejects(outcome, { message: /the engine is stopping/ });
  await begun;
  await upgrader.close();
  await refused;
  t.match(journal.get(2), { status: 'undone' });
});

t.test('all shards at once, by restarting their threads', async (t) => {
  const { datapath, upgrade } = await start();
  const report = await upgrade({ strategy: 'all-threads' });
  t.match(report, { strategy: 'all-threads', breaks: [{ shard: 0 }, { shard: 1 }] });
  t.ok(datapath.calls.includes('roll 0 thread') && datapath.calls.includes('roll 1 thread'));
});
