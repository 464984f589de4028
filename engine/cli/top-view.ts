/** What `hotclick top` shows: rates are differences between two looks at the engine. */

import type { ElementStats, EngineStats, ShardStats } from '../engine-types.ts';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';
import { bytes, countOf, duration, milliseconds } from './units.ts';

/** @param before an earlier look; without it shares and rates are those since the start. */
export function renderTop(now: EngineStats, before?: EngineStats): string {
  const passed = now.uptimeMs - (before?.uptimeMs ?? 0);
  const earlierShards = new Map(before?.shards.map((one) => [one.shard, one]));
  const earlierElements = new Map(before?.elements.map((one) => [one.element, one]));
  const parts = [
    `revision ${now.revision}, up ${duration(now.uptimeMs)}, ${packetsText(now)}${storeText(now)}`,
    renderTable(now.shards, [
      { head: 'shard', align: 'right', cell: ({ shard }) => shard },
      { head: 'busy %', align: 'right', cell: (one) => busyShare(one, earlierShards.get(one.shard)) },
      { head: 'rounds', align: 'right', cell: ({ rounds }) => rounds },
      { head: 'sleeps', align: 'right', cell: ({ sleeps }) => sleeps },
      { head: 'now', cell: ({ sleeping }) => (sleeping ? 'sleeping' : 'awake') },
      { head: 'dropped', cell: ({ drops }) => reasons(drops) },
    ]),
    renderTable(now.elements, [
      { head: 'element', cell: ({ element }) => element },
      { head: 'class', cell: ({ className, version }) => `${className} ${version}` },
      { head: 'records', align: 'right', cell: ({ records }) => records },
      { head: 'held', align: 'right', cell: ({ held }) => held },
      { head: 'unconnected', align: 'right', cell: ({ unconnected }) => unconnected },
      { head: 'dropped', align: 'right', cell: dropCount },
      {
        head: 'per second',
        align: 'right',
        cell: (one) => dropRate(one, earlierElements.get(one.element), passed),
      },
      { head: 'reasons', cell: ({ drops }) => reasons(drops) },
    ]),
  ];
  return parts.join('\n\n');
}

function packetsText({ packets }: EngineStats): string {
  return `${packets.free} of ${packets.total} packets free`;
}

function storeText({ store }: EngineStats): string {
  if (store === undefined) return ', no store';
  if (store.error !== undefined) return `, STORE: ${printable(store.error)}`;
  return `, last sync ${milliseconds(store.lastSyncMs)} for ${countOf(store.pages, 'page')} (${bytes(store.bytes)})`;
}

function busyShare(now: ShardStats, before: ShardStats | undefined): string {
  const rounds = now.rounds - (before?.rounds ?? 0);
  const busy = now.busyRounds - (before?.busyRounds ?? 0);
  return rounds > 0 ? ((100 * busy) / rounds).toFixed(1) : '0.0';
}

function dropCount({ drops }: ElementStats): number {
  return Object.values(drops).reduce((sum, count) => sum + count, 0);
}

function dropRate(now: ElementStats, before: ElementStats | undefined, passedMs: number): string {
  const dropped = dropCount(now) - (before === undefined ? 0 : dropCount(before));
  // After an upgrade a new instance may count from zero again.
  return passedMs > 0 ? String(Math.max(0, Math.round((1000 * dropped) / passedMs))) : '';
}

function reasons(drops: ElementStats['drops']): string {
  return Object.entries(drops)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
}
