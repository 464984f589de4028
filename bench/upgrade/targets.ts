/** What an upgrade must not cost, and whether a combination kept to it. */
import type { Figures } from './figures.ts';
import type { Combination } from './matrix.ts';

export interface Target {
  /** No packet lost, duplicated or out of order, no record and no connection lost. */
  readonly nothingLost?: true;
  /** µs. */
  readonly breakP50?: number;
  readonly breakP99?: number;
  /** ms between two packets. */
  readonly gap?: number;
  /** ms without a packet. */
  readonly blocked?: number;
  /** For tables of so many records at most. */
  readonly records?: number;
}

const targets: Readonly<Record<string, Target>> = {
  swap: { nothingLost: true, breakP50: 2, breakP99: 20 },
  thread: { nothingLost: true, breakP50: 5 },
  core: { nothingLost: true, breakP99: 1000 },
  handover: { nothingLost: true, gap: 20 },
  restart: { blocked: 150, records: 10_000 },
};

/** Variants of a strategy ('thread/symbols') have its target. */
export function targetOf({ strategy, records }: Combination): Target | undefined {
  const target = targets[strategy.split('/')[0] ?? ''];
  return target?.records !== undefined && records > target.records ? undefined : target;
}

export function targetText(target: Target | undefined): string {
  if (!target) return '';
  const { nothingLost, breakP50, breakP99, gap, blocked } = target;
  return [
    nothingLost ? '0 lost' : '',
    breakP50 === undefined ? '' : `p50 <= ${breakP50} µs`,
    breakP99 === undefined ? '' : `p99 <= ${breakP99} µs`,
    gap === undefined ? '' : `gap <= ${gap} ms`,
    blocked === undefined ? '' : `blocked <= ${blocked} ms`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** What was missed, in words; empty when all was kept. */
export function missedTargets(target: Target, figures: Figures): string[] {
  const { breakUs, gapUs, blockedUs } = figures;
  const missed: string[] = [];
  const none = (count: number, what: string) => count === 0 || missed.push(`${count} ${what}`);
  const most = (limit: number | undefined, is: number, what: string) => {
    if (limit !== undefined && !(is <= limit)) missed.push(what);
  };
  if (figures.runs === 0) missed.push('no run counts');
  if (target.nothingLost) {
    none(figures.lost, 'packets lost');
    none(figures.duplicated, 'packets duplicated');
    none(figures.reordered, 'packets reordered');
    none(figures.recordsLost, 'records lost');
    none(figures.recordsChanged, 'records changed');
    none(figures.connectionsLost, 'connections lost');
  }
  most(target.breakP50, breakUs.p50, `break p50 ${breakUs.p50.toFixed(1)} µs`);
  most(target.breakP99, breakUs.p99, `break p99 ${breakUs.p99.toFixed(1)} µs`);
  most(target.gap, gapUs.max / 1000, `gap ${(gapUs.max / 1000).toFixed(1)} ms`);
  most(target.blocked, blockedUs.max / 1000, `blocked ${(blockedUs.max / 1000).toFixed(1)} ms`);
  return missed;
}
