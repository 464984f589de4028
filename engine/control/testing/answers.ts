/** What the engine for tests answers. */

import type { EngineStats, RevisionSummary, TraceEvent, UpgradeReport } from '../../engine-types.ts';
import type { ElementClass } from '../../graph/element-class.ts';

export const counterClass: ElementClass = {
  className: 'Counter',
  version: '1.0.0',
  ports: '1/1',
  processing: 'a/a',
  flow: 'x/x',
  help: 'Measures packet count and rate.\n\nPasses packets unchanged.\n\n    ... -> c :: Counter -> ...',
  arguments: [
    {
      name: 'COUNT_CALL',
      type: 'string',
      positional: false,
      mandatory: false,
      defaultText: '',
      help: '`N HANDLER [VALUE]`',
    },
  ],
  handlers: [
    {
      name: 'count',
      readable: true,
      parameter: false,
      writable: false,
      merge: 'sum',
      help: 'packets so far',
    },
    {
      name: 'reset',
      readable: false,
      parameter: false,
      writable: true,
      merge: 'same',
      help: 'sets counts to zero',
    },
  ],
  states: [
    {
      name: 'counts',
      kind: 'static',
      schema: { version: 1, size: 8, fields: [{ name: 'packets', type: 'u64', offset: 0, size: 8 }] },
    },
  ],
  drops: [{ name: 'nested-too-deeply', help: 'the graph leads back to this element' }],
};

export const upgradeReport: UpgradeReport = {
  revision: 2,
  parent: 1,
  strategy: 'swap',
  dryRun: false,
  actions: [
    {
      kind: 'adopt',
      element: 'c',
      className: 'Counter',
      from: 'c',
      reasons: ['library'],
      versions: { from: '1.0.0', to: '1.1.0' },
      states: [{ name: 'counts', kind: 'static', how: 'converted', bytes: 64 }],
    },
    { kind: 'keep', element: 'd', className: 'Discard', from: 'd', reasons: [], states: [] },
  ],
  breaks: [
    { shard: 0, breakNs: 2150 },
    { shard: 1, breakNs: 3400 },
  ],
  timings: { build: 181.25, verify: 4.5, prepare: 1.125, unload: 12 },
};

export const revisions: readonly RevisionSummary[] = [
  {
    revision: 1,
    parent: 0,
    createdAt: '2026-11-20T10:00:00.000Z',
    kind: 'start',
    status: 'committed',
    strategy: 'swap',
    current: false,
    versions: { Counter: '1.0.0' },
    breaks: [],
    older: [],
  },
  {
    revision: 2,
    parent: 1,
    createdAt: '2026-11-20T10:05:00.000Z',
    kind: 'upgrade',
    status: 'committed',
    strategy: 'swap',
    current: true,
    versions: { Counter: '1.1.0' },
    breaks: [{ shard: 0, breakNs: 2150 }],
    older: [{ name: 'c~1', element: 'c', className: 'Counter', version: '1.0.0', moves: false, records: 3 }],
  },
];

export const engineStats: EngineStats = {
  revision: 2,
  uptimeMs: 61_000,
  packets: { total: 32_768, free: 32_000 },
  shards: [
    {
      shard: 0,
      rounds: 1000,
      busyRounds: 250,
      sleeps: 3,
      sleeping: false,
      freePackets: 32_000,
      longestConversion: { wallNs: 9000, uninterruptedNs: 4000 },
      drops: { 'element gone': 2 },
    },
  ],
  elements: [
    { element: 'c', className: 'Counter', version: '1.1.0', drops: {}, unconnected: 0, held: 0, records: 0 },
    {
      element: 'q',
      className: 'Queue',
      version: '1.0.0',
      drops: { full: 12 },
      unconnected: 0,
      held: 5,
      records: 7,
    },
  ],
  store: { lastSyncMs: 1.5, pages: 3, bytes: 4096 },
};

export const traceEvents: readonly TraceEvent[] = [
  {
    time: '2026-11-20T10:05:00.123Z',
    shard: 0,
    packet: 1,
    kind: 'hop',
    element: 'c',
    version: '1.1.0',
    port: 0,
    to: 'q',
    toPort: 0,
    length: 60,
    head: '450000',
  },
  {
    time: '2026-11-20T10:05:00.124Z',
    shard: 0,
    packet: 1,
    kind: 'drop',
    element: 'q',
    version: '1.0.0',
    port: 0,
    reason: 'full',
    length: 60,
    head: '450000',
  },
];

const schema = { version: 1, size: 8, fields: [] };
const layout = { className: 'Firewall', classVersion: '1.0.0', shards: [0, 1], schema, olderPages: 0 };

/** In the shapes of engine/state/query.ts and history-query.ts. */
export const stateAnswers = {
  list: [{ element: 'fw', state: 'connections', kind: 'table', ...layout, records: 2, bytes: 128 }],
  get: {
    element: 'fw',
    state: 'connections',
    kind: 'table',
    matched: 2,
    rows: [
      {
        shard: 0,
        slot: 3,
        expires: '2026-11-20T10:10:00.000Z',
        link: 0,
        key: { source: '10.0.0.1' },
        value: { packets: 12 },
      },
    ],
  },
  history: [{ revision: 1, parent: null, kind: 'start', status: 'committed', records: 2, bytes: 128 }],
  diff: {
    from: 1,
    to: 2,
    added: 1,
    removed: 0,
    changed: 1,
    changes: [
      {
        element: 'fw',
        state: 'connections',
        shard: 0,
        change: 'changed',
        key: { source: '10.0.0.1' },
        fields: { packets: { before: 12, after: 14 } },
      },
    ],
  },
};
