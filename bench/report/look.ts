/** Colours and fonts of all plots: readable in print, and for those who see few colours (Okabe and Ito). */
import type { Config } from 'vega-lite';

export const colours = {
  own: '#0072B2',
  loss: '#D55E00',
  others: '#999999',
  shards: ['#0072B2', '#E69F00', '#009E73', '#CC79A7'],
  band: '#DDE7EE',
} as const;

const family = 'DejaVu Sans, Verdana, sans-serif';

export const fonts: Config = {
  font: family,
  background: 'white',
  title: { fontSize: 15, subtitleFontSize: 11, subtitleColor: '#555', offset: 12, anchor: 'start' },
  axis: { labelFontSize: 10, titleFontSize: 11, titleFontWeight: 'normal', gridColor: '#E6E6E6' },
  legend: { labelFontSize: 11 },
  view: { stroke: '#CCC' },
};
