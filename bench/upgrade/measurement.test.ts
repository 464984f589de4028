import t from 'tap';
import type { SinkInterval } from '../lab/udp-sink.ts';
import { figuresOf } from './figures.ts';
import type { Measurement, UpgradeRun } from './measurement.ts';
import { rowOf } from './row.ts';
import { missedTargets, targetOf } from './targets.ts';

function interval(name: string, more: Partial<SinkInterval> = {}): SinkInterval {
  return {
    name,
    beginNs: 0,
    endNs: 2e9,
    packets: 1000,
    received: 1000,
    missing: 0,
    duplicated: 0,
    reordered: 0,
    tooLate: 0,
    socketDrops: 0,
    gapUs: 100,
    gapSentUs: 90,
    gapAtNs: 0,
    delayMeanUs: 10,
    delayMaxUs: 20,
    ...more,
  };
}

function run(name: string, breaksUs: readonly number[], more: Partial<UpgradeRun> = {}): UpgradeRun {
  return {
    interval: name,
    breaksUs,
    totalMs: 5,
    counted: { rings: 0, elements: {}, devices: 0 },
    repeated: false,
    ...more,
  };
}

function measurement(
  runs: readonly UpgradeRun[],
  intervals: readonly SinkInterval[],
  more: Partial<Measurement> = {},
): Measurement {
  const generator = { sent: 0, errors: 0, skipped: 0, seconds: 1, rate: 1, gapMaxUs: 0, cpuPercent: 0 };
  const totals = { received: 0, lost: 0, lostAtEnd: 0, duplicated: 0, reordered: 0 };
  return {
    combination: { strategy: 'swap', rate: 50_000, records: 0, shards: 2 },
    runs,
    stream: { ...totals, intervals, malformed: 0, foreign: 0, socketDrops: 0, generator },
    connections: { all: 6, complete: 6, corrupted: 0, longestStallMs: 30, retransmits: 0 },
    heldRate: 50_000,
    begunAgain: 0,
    load: 0,
    ...more,
  };
}

const swap = { nothingLost: true, breakP50: 2, breakP99: 20 } as const;
const thread = { nothingLost: true, breakP50: 5 } as const;

const clean = measurement(
  [run('run 1', [4, 1]), run('run 2', [5, 2])],
  [
    interval('start', { missing: 9, gapUs: 9999 }),
    interval('baseline', { gapUs: 300 }),
    interval('run 1'),
    interval('after run 1', { gapUs: 9999 }),
    interval('run 2', { gapUs: 250, gapSentUs: 240 }),
  ],
);

t.test('clean runs keep to every target; what is no run does not count', async (t) => {
  const figures = figuresOf(clean);
  t.match(figures, { runs: 2, lost: 0, gapUs: { max: 250, sentAtMax: 240, baselineMax: 300 } });
  t.same(figures.breakUs, { p50: 2, p99: 5, max: 5 });
  t.same(figures.breakByShard, [
    { p50: 4, p99: 5, max: 5 },
    { p50: 1, p99: 2, max: 2 },
  ]);
  t.same(missedTargets(swap, figures), []);
});

t.test('a lost packet is charged to who counted it, and misses the target', async (t) => {
  const counted = { rings: 0, elements: { 'fw: table full': 5 }, devices: 0 };
  const figures = figuresOf(
    measurement([run('run 1', [1, 3], { counted })], [interval('run 1', { missing: 2 })]),
  );
  t.same(figures.lostBy.elements, { 'fw: table full': 2 });
  t.same(missedTargets(swap, figures), ['2 packets lost']);
  t.same(figures.blockedUs, { p50: 40, p99: 40, max: 40 }, 'at 50,000 packets/s each is 20 µs');
});

t.test("a loss that shows only after the run is the run's", async (t) => {
  const after = interval('after run 1', { missing: 3, socketDrops: 1 });
  const figures = figuresOf(measurement([run('run 1', [4, 3])], [interval('run 1'), after]));
  t.equal(figures.lost, 2, 'what the sink had no room for is no loss');
  t.match(figures.lostBy, { sink: 1, unexplained: 2 });
});

t.test('a run whose sink had no room counts for nothing but is mentioned', async (t) => {
  const figures = figuresOf(
    measurement(
      [run('run 1', [900, 900], { repeated: true }), run('run 2', [4, 3])],
      [interval('run 1', { missing: 50, socketDrops: 50, gapUs: 5000 }), interval('run 2')],
    ),
  );
  t.match(figures, { runs: 1, repeated: 1, lost: 0, breakUs: { max: 4 }, gapUs: { max: 100 } });
});

t.test('records and connections that did not outlive the upgrades are lost', async (t) => {
  const runs = [run('run 1', [4, 3])];
  const intervals = [interval('run 1')];
  const fewer = figuresOf(measurement(runs, intervals, { records: { compared: 9, lost: 2, changed: 1 } }));
  t.match(fewer, { recordsLost: 2, recordsChanged: 1 });
  t.same(missedTargets(thread, fewer), ['2 records lost', '1 records changed']);
  const begunAgain = figuresOf(measurement(runs, intervals, { begunAgain: 3 }));
  t.equal(begunAgain.recordsLost, 3, 'a record that came anew was lost before');
  const connections = { all: 6, complete: 5, corrupted: 0, longestStallMs: 9000, retransmits: 9 };
  const broken = figuresOf(measurement(runs, intervals, { connections }));
  t.same(missedTargets(thread, broken), ['1 connections lost']);
});

t.test('each strategy has its own target', async (t) => {
  const figures = figuresOf(measurement([run('run 1', [4, 120])], [interval('run 1', { gapUs: 30_000 })]));
  t.same(missedTargets(swap, figures), ['break p50 4.0 µs', 'break p99 120.0 µs']);
  t.same(missedTargets(thread, figures), []);
  t.same(missedTargets({ nothingLost: true, gap: 20 }, figures), ['gap 30.0 ms']);
  const combination = { strategy: 'thread/symbols', rate: 1, records: 0, shards: 1 };
  t.same(targetOf(combination), thread, 'a variant has the target of its strategy');
  t.equal(targetOf({ ...combination, strategy: 'nftables' }), undefined);
  t.same(targetOf({ ...combination, strategy: 'restart' }), { blocked: 150, records: 10_000 });
  t.equal(targetOf({ ...combination, strategy: 'restart', records: 1_000_000 }), undefined);
});

t.test(
  'a system that does not know its breaks misses a target for them, and has none in the row',
  async (t) => {
    const silent = measurement([run('run 1', [])], [interval('run 1')]);
    t.equal(missedTargets(thread, figuresOf(silent)).length, 1);
    t.equal(rowOf(silent, figuresOf(silent)).break_us, null);
  },
);

t.test('without a run that counts no target is met', async (t) => {
  const figures = figuresOf(measurement([run('run 1', [1, 1], { repeated: true })], [interval('run 1')]));
  t.match(missedTargets(swap, figures), ['no run counts']);
});

t.test('the JSON line has the promised fields', async (t) => {
  t.match(rowOf(clean, figuresOf(clean)), {
    strategy: 'swap',
    rate_pps: 50_000,
    records: 0,
    shards: 2,
    runs: 2,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    gap_us: { max: 250, baseline_max: 300 },
    held_pps: 50_000,
    break_us: { p50: 2, p99: 5, max: 5 },
    blocked_us: { p50: 0, p99: 0, max: 0 },
    memory_bytes: null,
    records_lost: 0,
    connections_lost: 0,
    samples: { break_us: [4, 1, 5, 2], gap_us: [100, 250] },
    machine: { cores: Number },
  });
});
