/** One upgrade: what the transaction does, packets arriving meanwhile, and every packet around the breaks. */
import type { TopLevelSpec } from 'vega-lite';
import { durationText } from './durations.ts';
import { colours, fonts } from './look.ts';
import type { TimelineLine } from './results.ts';

const width = 760;

export function timelinePlot(line: TimelineLine): TopLevelSpec {
  const breaks = line.breaks.map(({ shard, us }) => `shard ${shard}: ${durationText(us)}`).join(', ');
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    title: {
      text: `One upgrade by '${line.strategy}' at ${line.rate_pps.toLocaleString('en')} packets/s`,
      subtitle: `${line.lost} packets lost; breaks of ${breaks}`,
      anchor: 'start',
    },
    vconcat: [transaction(line), closeUp(line)],
    resolve: { scale: { color: 'independent' } },
    config: fonts,
  };
}

/** Steps as bands, and packets that arrive in each millisecond. */
function transaction(line: TimelineLine) {
  const steps = line.steps.map(({ step, at_us }, i) => ({
    step,
    from: at_us / 1000,
    to: (line.steps[i + 1]?.at_us ?? line.done_us) / 1000,
  }));
  // Steps of each shard are one.
  const merged: { step: string; from: number; to: number }[] = [];
  for (const one of steps) {
    const last = merged.at(-1);
    if (last?.step === one.step) last.to = one.to;
    else merged.push({ ...one });
  }
  const { from_us, counts } = line.arrivals_per_ms;
  const arrivals = counts.slice(0, -1).map((packets, i) => ({ ms: from_us / 1000 + i, packets }));
  const x = (title: string | null) => ({
    type: 'quantitative' as const,
    title,
    scale: { domain: [from_us / 1000, line.done_us / 1000 + 20], nice: false },
  });
  return {
    width,
    height: 150,
    layer: [
      {
        data: { values: merged },
        mark: { type: 'rect' as const, opacity: 0.55, stroke: 'white', strokeWidth: 1 },
        encoding: {
          x: { field: 'from', ...x('ms after the begin of the first break') },
          x2: { field: 'to' },
          color: {
            field: 'step',
            type: 'nominal' as const,
            title: 'step',
            scale: { domain: [...new Set(merged.map(({ step }) => step))], scheme: 'pastel2' as const },
          },
        },
      },
      {
        data: { values: arrivals },
        mark: { type: 'line' as const, color: '#333', strokeWidth: 1 },
        encoding: {
          x: { field: 'ms', ...x('ms after the begin of the first break') },
          y: {
            field: 'packets',
            type: 'quantitative' as const,
            title: 'packets in a millisecond',
            scale: { domainMin: 0 },
          },
        },
      },
      {
        data: { values: line.breaks.map(({ begin_us }) => ({ ms: begin_us / 1000 })) },
        mark: { type: 'rule' as const, color: colours.loss, strokeWidth: 1 },
        encoding: { x: { field: 'ms', ...x('ms after the begin of the first break') } },
      },
    ],
  };
}

/** Each packet by its arrival and by how long it was under way; the breaks are bars as wide as they lasted. */
function closeUp(line: TimelineLine) {
  const last = Math.max(...line.breaks.map(({ begin_us, us }) => begin_us + us));
  const margin = Math.max(1000, 0.15 * last);
  const domain = [-margin, last + margin];
  const packets = line.packets
    .filter(([at]) => at >= (domain[0] ?? 0) && at <= (domain[1] ?? 0))
    .map(([at, delay, shard]) => ({ at, delay, shard: `shard ${shard}` }));
  const breaks = line.breaks.map(({ shard, begin_us, us }) => ({
    from: begin_us,
    to: begin_us + us,
    shard: `shard ${shard}`,
    text: `break of shard ${shard}: ${durationText(us)}`,
  }));
  const x = {
    type: 'quantitative' as const,
    scale: { domain, nice: false },
    title: 'µs after the begin of the first break',
  };
  const color = {
    field: 'shard',
    type: 'nominal' as const,
    title: 'handled by',
    scale: { domain: breaks.map(({ shard }) => shard), range: [...colours.shards] },
  };
  return {
    width,
    height: 200,
    layer: [
      {
        data: { values: breaks },
        mark: { type: 'rect' as const, opacity: 0.6 },
        encoding: { x: { field: 'from', ...x }, x2: { field: 'to' }, color },
      },
      {
        data: { values: breaks },
        mark: { type: 'text' as const, align: 'left' as const, dx: 5, y: 10, fontSize: 10 },
        encoding: { x: { field: 'to', ...x }, text: { field: 'text', type: 'nominal' as const }, color },
      },
      {
        data: { values: packets },
        mark: { type: 'circle' as const, size: 14, opacity: 0.7 },
        encoding: {
          x: { field: 'at', ...x },
          y: {
            field: 'delay',
            type: 'quantitative' as const,
            title: 'µs from generator to sink',
            scale: { domainMin: 0 },
          },
          color,
        },
      },
    ],
  };
}
