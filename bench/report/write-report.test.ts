import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import t from 'tap';
import { figuresOf } from '../upgrade/figures.ts';
import { rowOf } from '../upgrade/row.ts';
import { writeReport } from './write-report.ts';

/** Two upgrades of an engine that lost 5 packets in the second. */
function row(strategy: string, records: number) {
  const interval = (name: string, missing: number) => ({
    ...{ name, missing, beginNs: 0, endNs: 1e9, packets: 1000, received: 1000 - missing, duplicated: 0 },
    ...{ reordered: 0, tooLate: 0, socketDrops: 0, gapUs: 300, gapSentUs: 150, gapAtNs: 0 },
    ...{ delayMeanUs: 20, delayMaxUs: 90 },
  });
  const run = (name: string, breaksUs: number[]) => ({
    ...{ interval: name, breaksUs, totalMs: 100, repeated: false },
    counted: { rings: 0, elements: {}, devices: 0 },
  });
  const generator = { sent: 2000, errors: 0, skipped: 0, seconds: 1, rate: 1e4, gapMaxUs: 1, cpuPercent: 1 };
  const measurement = {
    combination: { strategy, rate: 50_000, records, shards: 2 },
    heldRate: 40_000,
    runs: [run('run 1', [1.5, 2.5]), run('run 2', [1.2, 1.1])],
    stream: {
      ...{ malformed: 0, foreign: 0, socketDrops: 0, generator, received: 0, lost: 5, lostAtEnd: 0 },
      ...{ duplicated: 0, reordered: 0, intervals: [interval('run 1', 0), interval('run 2', 5)] },
    },
    connections: { all: 6, complete: 6, corrupted: 0, longestStallMs: 30, retransmits: 0 },
    begunAgain: 0,
    load: 1,
  };
  return rowOf(measurement, figuresOf(measurement));
}

const timeline = {
  ...{ experiment: 'timeline', strategy: 'swap', rate_pps: 50_000, lost: 0, asked_us: -9000, done_us: 4000 },
  steps: [
    { step: 'plan', detail: '', at_us: -8900 },
    { step: 'roll', detail: 'shard 0', at_us: -50 },
  ],
  breaks: [{ shard: 0, begin_us: 0, us: 2.1 }],
  packets: [
    [-40, 30, 0],
    [160, 35, 0],
  ],
  arrivals_per_ms: { from_us: -10_000, counts: [50, 51, 49] },
};

t.test('a report has a page and a picture of each plot, as SVG and PNG', async (t) => {
  const directory = t.testdir({});
  const swap = row('swap', 0);
  const lines = [swap, row('restart', 10_000), { experiment: 'elements', replaced: 50, ...swap }, timeline];
  const files = await writeReport([...lines, { experiment: 'nat', complete: 10 }], directory);
  t.same(
    files.map((file) => basename(file)),
    ['strategies', 'elements', 'timeline-swap']
      .flatMap((name) => [`${name}.svg`, `${name}.png`])
      .concat('index.html'),
  );
  const named = (name: string) => readFileSync(files.find((file) => file.endsWith(name)) ?? '');
  t.match(named('strategies.svg').toString(), /^<svg .*10,000 records/s);
  t.match(named('timeline-swap.svg').toString(), 'break of shard 0: 2.1 µs');
  t.equal(named('strategies.png').subarray(1, 4).toString(), 'PNG');
  const page = named('index.html').toString();
  t.equal(page.split('<svg').length - 1, 3);
  t.match(page, '40000 of 50000', 'a rate that could not be held is told');
  t.match(page, /missed: 5 packets lost/);
  t.match(page, '&quot;complete&quot;: 10'.replaceAll('&quot;', '"'));
});

t.test('a report of nothing but one experiment is no failure', async (t) => {
  const files = await writeReport([{ experiment: 'nat', complete: 1 }], t.testdir({}));
  t.same(
    files.map((file) => basename(file)),
    ['index.html'],
  );
});
