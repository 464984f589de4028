import t from 'tap';
import type { StateRow } from '../../../engine/state/query.ts';
import { TrafficModel } from './traffic-model.ts';

const report = (...ports: number[]) => ({ kind: 'report' as const, ports, open: [], faults: [] });
const record = (protocol: number, port: number, state = 4): StateRow => ({
  shard: 0,
  key: { protocol, inside_port: port, outside_port: 7001 },
  value: { state },
});
const mapping = (protocol: number, port: number, outside: number): StateRow[] => [
  {
    shard: 0,
    key: { protocol, source_port: port, destination_port: 7001 },
    value: { source_port: outside, flags: 0 },
  },
  {
    shard: 0,
    key: { protocol, source_port: 7001, destination_port: outside },
    value: { destination_port: port, flags: 16 },
  },
];

t.test('a firewall that knows what was sent is right', async (t) => {
  const model = new TrafficModel([20_000]);
  model.note('open', report(40_000, 40_001), 1000);
  model.note('talk', report(40_000, 40_001), 1500);
  model.note('close', report(40_001), 2000);
  model.note('udp', report(50_000), 3000);
  t.equal(model.openConnections, 1);
  const rows = [record(17, 20_000, 10), record(6, 40_000), record(17, 50_000, 11), record(6, 40_001, 8)];
  t.same(model.checkFirewall(rows, 4000), []);
  t.same(model.checkFirewall(rows.slice(0, 2), 60_000), [], 'later the others have timed out');
});

t.test('what is missing, in a wrong state, too old or never sent is told', async (t) => {
  const model = new TrafficModel([20_000]);
  model.note('open', report(40_000, 40_001), 1000);
  model.note('udp', report(50_000), 3000);
  t.same(model.checkFirewall([record(6, 40_000, 9), record(17, 60_000), record(17, 50_000)], 60_000), [
    'the open connection 6 40000 is in state 9',
    'firewall: flow 17 20000 of the stream is missing',
    'firewall: conversation 6 40001 is missing, open 59.0 s ago',
    'firewall: 17 60000 was never sent',
    'firewall: conversation 17 50000 should have timed out, udp 57.0 s ago',
  ]);
});

t.test('mappings come in pairs and share no port', async (t) => {
  const model = new TrafficModel([20_000, 20_001]);
  t.same(model.checkMappings([...mapping(17, 20_000, 30_000), ...mapping(17, 20_001, 30_001)], 0), []);
  t.match(model.checkMappings([...mapping(17, 20_000, 30_000), ...mapping(17, 20_001, 30_000)], 0), [
    'the answers to port 17 30000 7001 do not lead to 20000',
    'port 17 30000 7001 belongs to 20000 and to 20001',
    '2 flows, 1 for answers',
  ]);
  t.match(model.checkMappings([...mapping(17, 20_000, 30_000), mapping(17, 20_001, 999)[0]!], 0), [
    "port 17 999 7001 is none of the NAT's",
    'the answers to port 17 999 7001 do not lead to 20001',
    '2 flows, 1 for answers',
  ]);
});

t.test('of versions side by side the newest knows a port that is used anew', async (t) => {
  const model = new TrafficModel([]);
  model.note('udp', report(50_000), 1000);
  // What a version is called may be the same for several.
  const of = (version: string, row: StateRow) => ({ ...row, version });
  t.same(model.checkFirewall([of('1.0', record(17, 50_000)), of('1.0', record(17, 50_000))], 1000), []);
  t.same(model.checkFirewall([record(17, 50_000), record(17, 50_000)], 1000), ['two records for 17 50000']);
  const rows = [
    ...mapping(17, 50_000, 30_001).map((row) => of('2.0', row)),
    ...mapping(17, 50_000, 30_000).map((row) => of('1.0', row)),
  ];
  t.same(model.checkMappings(rows, 1000), []);
});
