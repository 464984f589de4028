/** Tables for people. */

import Table from 'cli-table3';
import { printable } from './printable.ts';

export type Cell = string | number | boolean | null | undefined;

export interface Column<T> {
  readonly head: string;
  readonly align?: 'left' | 'right';
  readonly cell: (row: T) => Cell;
}

const noBorder = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** One line per row below a line of heads, without borders, so that `awk` and `sort` can read it too. */
export function renderTable<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const table = new Table({
    head: columns.map(({ head }) => head),
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: noBorder,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) {
    table.push(columns.map(({ cell }) => showCell(cell(row))));
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function showCell(value: Cell): string {
  if (value === undefined || value === null || value === '') return '-';
  return printable(String(value));
}
