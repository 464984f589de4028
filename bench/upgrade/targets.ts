/** What an upgrade must not cost, and whether a combination kept to it. */
import type { Strategy } from '../../engine/engine-types.ts';
import type { Figures } from './measurement.ts';

/** µs. */
export const breakTargets: Readonly<Record<Strategy, { readonly p50: number; readonly p99?: number }>> = {
  swap: { p50: 5, p99: 100 },
  thread: { p50: 20 },
};

export function targetText(strategy: Strategy): string {
  const { p50, p99 } = breakTargets[strategy];
  return `p50 <= ${p50}${p99 === undefined ? '' : `, p99 <= ${p99}`}`;
}

/** What was missed, in words; empty when all was kept. */
export function missedTargets(strategy: Strategy, figures: Figures): string[] {
  const { breakUs } = figures;
  const { p50, p99 } = breakTargets[strategy];
  const missed: string[] = [];
  const none = (count: number, what: string) => count === 0 || missed.push(`${count} ${what}`);
  if (figures.runs === 0) missed.push('no run counts');
  none(figures.lost, 'packets lost');
  none(figures.duplicated, 'packets duplicated');
  none(figures.reordered, 'packets reordered');
  none(figures.recordsLost, 'records lost');
  none(figures.connectionsLost, 'connections lost');
  if (breakUs.p50 > p50) missed.push(`break p50 ${breakUs.p50.toFixed(1)} µs`);
  if (p99 !== undefined && breakUs.p99 > p99) missed.push(`break p99 ${breakUs.p99.toFixed(1)} µs`);
  return missed;
}
