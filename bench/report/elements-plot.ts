/** Break against the number of elements that one upgrade replaces, beside what CLICK-UP published. */
import type { TopLevelSpec } from 'vega-lite';
import { decades, durationLabel } from './durations.ts';
import { colours, fonts } from './look.ts';
import type { ElementsLine } from './results.ts';
import { clickUpByModules } from './sourced-figures.ts';

export function elementsPlot(lines: readonly ElementsLine[]): TopLevelSpec {
  const own = lines.flatMap(({ replaced, break_us }) =>
    break_us
      ? [
          { replaced, us: break_us.p50, what: 'hotclick swap, median' },
          { replaced, us: break_us.p99, what: 'hotclick swap, 99th percentile' },
        ]
      : [],
  );
  const samples = lines.flatMap(({ replaced, samples: { break_us } }) =>
    break_us.map((us) => ({ replaced, us, what: 'hotclick swap, median' })),
  );
  const clickUp = clickUpByModules.map(({ replaced, ms }) => ({
    replaced,
    us: ms * 1000,
    what: 'CLICK-UP (published, Raspberry Pi 3B)',
  }));
  const points = [...own, ...clickUp];
  const us = [...points, ...samples].map((point) => point.us);
  const scale = decades(Math.min(...us, 1), Math.max(...us));
  const x = { field: 'replaced', type: 'quantitative' as const, title: 'elements that one upgrade replaces' };
  const y = {
    field: 'us',
    type: 'quantitative' as const,
    title: 'break',
    scale: { type: 'log' as const, domain: [scale[0] ?? 1, scale.at(-1) ?? 10], nice: false },
    axis: { values: scale, labelExpr: durationLabel },
  };
  const color = {
    field: 'what',
    type: 'nominal' as const,
    title: null,
    sort: null,
    scale: { range: [colours.own, '#56B4E9', colours.others] },
    legend: { orient: 'top' as const, labelLimit: 400, symbolOpacity: 1, columns: 1 },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: { text: 'Break against the number of replaced elements', anchor: 'start' },
    width: 520,
    height: 260,
    data: { values: [] },
    layer: [
      {
        data: { values: samples },
        mark: { type: 'circle', size: 14, opacity: 0.25 },
        encoding: { x, y, color },
      },
      {
        data: { values: points },
        mark: { type: 'line', point: { size: 40 }, strokeWidth: 2 },
        encoding: { x, y, color },
      },
    ],
    config: fonts,
  };
}
