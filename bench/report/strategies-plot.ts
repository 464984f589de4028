/** All strategies on one logarithmic scale: the breaks of each, and for how long packets were lost. */
import type { TopLevelSpec } from 'vega-lite';
import type { UpgradeRow } from '../upgrade/row.ts';
import { decades, durationText, everySecondDecade, medianOf } from './durations.ts';
import { colours, fonts } from './look.ts';
import { sourcedFigures } from './sourced-figures.ts';

type Kind = 'break of a shard' | 'packets lost' | 'others (see table)';

interface Sample {
  readonly strategy: string;
  readonly us: number;
  readonly kind: Kind;
}

const kinds: readonly Kind[] = ['break of a shard', 'packets lost', 'others (see table)'];

/** A panel for each filling of the table; what was not measured here stands in the first. */
export function strategiesPlot(rows: readonly UpgradeRow[]): TopLevelSpec {
  const fills = [...new Set(rows.map(({ records }) => records))].sort((a, b) => a - b);
  const own = [...new Set(rows.map(({ strategy }) => strategy))];
  const order = [...own, ...sourcedFigures.map(({ system }) => system)];
  const ranges = sourcedFigures.map(({ system, from, to }) => ({
    strategy: system,
    from: from * 1000,
    // Wide enough to be seen.
    to: Math.max(to, from * 1.15) * 1000,
    kind: kinds[2],
  }));
  const us = [...rows.flatMap(samplesOf).map((sample) => sample.us), ...ranges.map(({ to }) => to)];
  const scale = decades(Math.min(...us, 1), Math.max(...us));
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: {
      text: 'What an upgrade costs',
      subtitle: [
        'time in which a shard handled no packet, by its own clock, and time in which packets were lost (lost / rate)',
        'each dot is one break or one outage; rings and figures are medians; no orange dot: no packet was lost',
      ],
      anchor: 'start',
    },
    hconcat: fills.map((records, i) =>
      panel(
        rows.filter((row) => row.records === records),
        { title: recordsText(records), scale, order, withLabels: i === 0, ranges: i === 0 ? ranges : [] },
      ),
    ),
    spacing: 14,
    config: fonts,
  };
}

interface PanelOptions {
  readonly title: string;
  readonly scale: readonly number[];
  readonly order: readonly string[];
  readonly withLabels: boolean;
  readonly ranges: readonly object[];
}

function panel(rows: readonly UpgradeRow[], { title, scale, order, withLabels, ranges }: PanelOptions) {
  const samples = rows.flatMap(samplesOf);
  const x = {
    field: 'us',
    type: 'quantitative' as const,
    title: null,
    scale: { type: 'log' as const, domain: [scale[0] ?? 1, scale.at(-1) ?? 10], nice: false },
    axis: { values: [...scale], labelExpr: everySecondDecade, labelOverlap: false },
  };
  const y = {
    field: 'strategy',
    type: 'nominal' as const,
    scale: { domain: [...order] },
    title: null,
    axis: {
      labels: withLabels,
      ticks: false,
      domain: false,
      labelLimit: 320,
      labelFontSize: 11,
      labelPadding: 8,
      grid: true,
    },
  };
  const color = {
    field: 'kind',
    type: 'nominal' as const,
    title: null,
    scale: { domain: [...kinds], range: [colours.own, colours.loss, colours.others] },
    legend: { orient: 'top' as const, symbolType: 'circle' as const, symbolOpacity: 1 },
  };
  const medians = mediansOf(samples);
  const seen = new Set(samples.map(({ strategy }) => strategy));
  const silent = [...new Set(rows.map(({ strategy }) => strategy))].filter((name) => !seen.has(name));
  return {
    title: { text: title, fontSize: 12, anchor: 'middle' as const, offset: 6 },
    width: 290,
    height: 25 * order.length,
    layer: [
      {
        data: { values: [...ranges] },
        mark: { type: 'bar' as const, height: 8, cornerRadius: 4, opacity: 0.75 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' }, y, color },
      },
      {
        data: { values: samples },
        mark: { type: 'circle' as const, size: 18, opacity: 0.3 },
        encoding: { x, y, color },
      },
      {
        data: { values: medians },
        mark: { type: 'point' as const, size: 70, strokeWidth: 2, filled: false },
        encoding: { x, y, color },
      },
      ...kinds.slice(0, 2).map((kind, i) => ({
        data: { values: medians.filter((median) => median.kind === kind) },
        mark: { type: 'text' as const, dy: i === 0 ? -10 : 11, fontSize: 9 },
        encoding: { x, y, text: { field: 'text', type: 'nominal' as const }, color },
      })),
      {
        data: { values: silent.map((strategy) => ({ strategy, text: 'nothing lost; break not known' })) },
        mark: { type: 'text' as const, align: 'left' as const, dx: 6, fontSize: 9, color: '#555' },
        encoding: { x: { value: 0 }, y, text: { field: 'text', type: 'nominal' as const } },
      },
    ],
  };
}

function samplesOf({ strategy, records, samples }: UpgradeRow): Sample[] {
  const at = { strategy, records: recordsText(records) };
  return [
    ...samples.break_us.map((us): Sample => ({ ...at, us, kind: 'break of a shard' })),
    ...samples.blocked_us.filter((us) => us > 0).map((us): Sample => ({ ...at, us, kind: 'packets lost' })),
  ];
}

function mediansOf(samples: readonly Sample[]) {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.strategy}\0${sample.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => {
    const us = medianOf(group.map((sample) => sample.us));
    return { ...group[0]!, us, text: durationText(us) };
  });
}

function recordsText(records: number): string {
  return records === 0 ? 'empty table' : `${records.toLocaleString('en')} records`;
}
