import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import type { ResultLine } from '../upgrade/result-file.ts';
import { elementsPlot } from './elements-plot.ts';
import { renderPng, renderSvg } from './render-plot.ts';
import { type Plot, reportPage } from './report-page.ts';
import { sortResults } from './results.ts';
import { strategiesPlot } from './strategies-plot.ts';
import { timelinePlot } from './timeline-plot.ts';

/** Writes index.html, and each plot as SVG and PNG. Returns the files. */
export async function writeReport(lines: readonly ResultLine[], directory: string): Promise<string[]> {
  const results = sortResults(lines);
  const { rows, elements, timelines } = results;
  const specs: { name: string; plot: TopLevelSpec }[] = [
    ...(rows.length > 0 ? [{ name: 'strategies', plot: strategiesPlot(rows) }] : []),
    ...(elements.length > 0 ? [{ name: 'elements', plot: elementsPlot(elements) }] : []),
    ...timelines.map((line) => ({ name: `timeline-${line.strategy}`, plot: timelinePlot(line) })),
  ];
  await mkdir(directory, { recursive: true });
  const files: string[] = [];
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    const file = join(directory, name);
    await writeFile(file, content);
    files.push(file);
  };
  const plots: Plot[] = [];
  for (const { name, plot } of specs) {
    const svg = await renderSvg(plot);
    plots.push({ name, svg });
    await write(`${name}.svg`, svg);
    await write(`${name}.png`, renderPng(svg));
  }
  await write('index.html', reportPage(results, plots));
  return files;
}
