/** The report as one HTML file that needs nothing besides. */
import type { ResultLine } from '../upgrade/result-file.ts';
import type { UpgradeRow } from '../upgrade/row.ts';
import { durationText } from './durations.ts';
import type { Results } from './results.ts';
import { baidu, sourcedFigures } from './sourced-figures.ts';

export interface Plot {
  readonly name: string;
  readonly svg: string;
}

export function reportPage({ rows, others }: Results, plots: readonly Plot[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>What an upgrade costs</title>
<style>
body { font: 15px/1.5 'DejaVu Sans', Verdana, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; font-size: 12px; margin: 1em 0 }
th, td { padding: 3px 9px; text-align: right; border-bottom: 1px solid #ddd; vertical-align: top }
th:first-child, td:first-child, .text { text-align: left }
.missed { color: #b00 } figure { margin: 2em 0; overflow-x: auto } svg { max-width: none }
pre { white-space: pre-wrap; font-size: 12px }
</style>
</head>
<body>
<h1>What an upgrade costs</h1>
<p>${machineText(rows)}</p>
${plots.map(({ name, svg }) => `<figure id="${name}">${svg}</figure>`).join('\n')}
<h2>Every combination</h2>
<p>Command: <code>npm run bench -- upgrade</code>. Lost, duplicated and reordered packets are those of all runs together.
Blocked time is lost packets by the rate; the break is read from the shard's own clock.</p>
${rowsTable(rows)}
<h2>Other experiments</h2>
${others.map(experiment).join('\n')}
<h2>Others, from elsewhere</h2>
${sourcedTable()}
<p>Baidu's four solutions, published without figures: ${baidu
    .map(({ how, outage, here }) => `${how} ${outage} (here: <code>${here}</code>)`)
    .map(escaped)
    .join('; ')
    .replaceAll('&lt;code&gt;', '<code>')
    .replaceAll('&lt;/code&gt;', '</code>')}.</p>
</body>
</html>
`;
}

function machineText(rows: readonly UpgradeRow[]): string {
  const machines = new Set(
    rows.map(
      ({ machine }) =>
        `${machine.cpu}, ${machine.cores} CPUs, Linux ${machine.kernel}, Node.js ${machine.node}, hotclick ${machine.hotclick}`,
    ),
  );
  const loads = rows.map(({ machine }) => machine.load);
  const load = loads.length === 0 ? '' : `, load ${Math.min(...loads)} to ${Math.max(...loads)}`;
  return escaped(`${[...machines].join('; ')}${load}`);
}

function rowsTable(rows: readonly UpgradeRow[]): string {
  const heads = [
    'strategy',
    'packets/s',
    'records',
    'shards',
    'runs',
    'lost / dup. / reord.',
    'blocked p50, max',
  ];
  const more = [
    'gap max (baseline)',
    'break p50, p99, max',
    'memory',
    'records lost, changed',
    'connections lost',
  ];
  const cells = (row: UpgradeRow) => [
    row.strategy,
    row.held_pps < row.rate_pps ? `${row.held_pps} of ${row.rate_pps}` : `${row.rate_pps}`,
    `${row.records}`,
    `${row.shards}`,
    `${row.runs}`,
    `${row.lost} / ${row.duplicated} / ${row.reordered}`,
    row.blocked_us && row.blocked_us.max > 0
      ? `${durationText(row.blocked_us.p50)}, ${durationText(row.blocked_us.max)}`
      : '0',
    `${durationText(row.gap_us.max)} (${durationText(row.gap_us.baseline_max)})`,
    row.break_us ? [row.break_us.p50, row.break_us.p99, row.break_us.max].map(durationText).join(', ') : '–',
    row.memory_bytes ? `${(row.memory_bytes.needed / 1e6).toFixed(1)} MB` : '–',
    `${row.records_lost}, ${row.records_changed}`,
    `${row.connections_lost} of ${row.connections}`,
  ];
  const verdict = ({ target, missed }: UpgradeRow) => {
    if (target === null) return '';
    return missed.length === 0 ? 'met' : `<span class="missed">missed: ${escaped(missed.join(', '))}</span>`;
  };
  const head = [...heads, ...more, 'target', 'verdict'].map((text) => `<th>${text}</th>`).join('');
  const body = rows.map(
    (row) =>
      `<tr>${cells(row)
        .map((text) => `<td>${escaped(text)}</td>`)
        .join(
          '',
        )}<td class="text">${escaped(row.target ?? '')}</td><td class="text">${verdict(row)}</td></tr>`,
  );
  return `<table><tr>${head}</tr>\n${body.join('\n')}</table>`;
}

/** All that was found out but the raw samples, which are in the result file. */
function experiment({ experiment: name, samples: _, machine: __, ...found }: ResultLine): string {
  return `<h3>${escaped(String(name))}</h3>\n<pre>${escaped(JSON.stringify(found, null, 1))}</pre>`;
}

function sourcedTable(): string {
  const rows = sourcedFigures.map(({ system, how, from, to, state, source }) => {
    const outage =
      from === to ? durationText(from * 1000) : `${durationText(from * 1000)} to ${durationText(to * 1000)}`;
    return `<tr>${[system, how, outage, state, source].map((text) => `<td class="text">${escaped(text)}</td>`).join('')}</tr>`;
  });
  const head = ['system', 'how', 'outage', 'state', 'source'].map((text) => `<th class="text">${text}</th>`);
  return `<table><tr>${head.join('')}</tr>\n${rows.join('\n')}</table>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
