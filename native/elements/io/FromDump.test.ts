import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ElementHarness } from '../../../engine/testing/element-harness.ts';
import { arpRequest, ipv4Udp } from '../../../engine/testing/frames.ts';

const directory = mkdtempSync(join(tmpdir(), 'hotclick-from-dump-'));
t.teardown(() => rmSync(directory, { recursive: true }));

/** A pcap file; times in milliseconds after the start. */
function capture(name: string, packets: readonly { data: Uint8Array; at?: number }[], linkType = 1): string {
  const start = 1_700_000_000;
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(linkType, 20);
  const records = packets.map(({ data, at = 0 }) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(start + Math.floor(at / 1000), 0);
    record.writeUInt32LE((at % 1000) * 1000, 4);
    record.writeUInt32LE(data.length, 8);
    record.writeUInt32LE(data.length, 12);
    return Buffer.concat([record, data]);
  });
  const path = join(directory, name);
  writeFileSync(path, Buffer.concat([header, ...records]));
  return path;
}

const numbered = (count: number, spacing = 0) =>
  Array.from({ length: count }, (_, i) => ({ data: ipv4Udp({ sport: i }), at: i * spacing }));
const read = (path: string, ...args: string[]) =>
  ElementHarness.create('FromDump', [path, ...args], { inputs: 0, outputs: 1 });
const numbers = (element: ElementHarness) =>
  element.output(0).map(({ data }) => ((data[34] ?? 0) << 8) | (data[35] ?? 0));

t.test('packets come in order with the times of the file', (t) => {
  const path = capture('plain.pcap', numbered(150, 10));
  using h = read(path);
  t.equal(h.run(10), 3, 'bursts of 64');
  const packets = h.output(0);
  t.equal(packets.length, 150);
  t.equal(packets[149]?.timestamp, 1_700_000_001_490_000_000n);
  t.equal(h.read('count'), '150');
  t.equal(h.read('encap'), 'ETHER');
  t.equal(h.read('filepos'), h.read('filesize'));
  t.equal(h.read('active'), 'false', 'at the end');
  t.end();
});

t.test('TIMING keeps the time between packets', (t) => {
  using h = read(capture('timed.pcap', numbered(4, 100)), 'TIMING true');
  h.run(3);
  t.same(numbers(h), [0]);
  h.advance(101);
  h.run();
  t.same(numbers(h), [1]);
  h.advance(250);
  h.run();
  t.same(numbers(h), [2, 3]);
  t.end();
});

t.test('an upgrade goes on where the file was, with held packets', (t) => {
  using h = read(capture('upgrade.pcap', numbered(10, 100)), 'TIMING true');
  h.run();
  h.advance(201);
  h.run();
  t.same(numbers(h), [0, 1, 2]);
  h.upgrade();
  h.advance(301);
  h.run();
  t.same(numbers(h), [3, 4, 5]);
  t.equal(h.read('count'), '6');
  h.advance(5000);
  h.run();
  t.same(numbers(h), [6, 7, 8, 9]);
  t.end();
});

t.test('START_AFTER, END_AFTER and INTERVAL choose a part', (t) => {
  const path = capture('part.pcap', numbered(10, 1000));
  for (const [args, want] of [
    [['START_AFTER 7'], [7, 8, 9]],
    [['END_AFTER 2s'], [0, 1]],
    [
      ['START_AFTER 3', 'INTERVAL 2'],
      [3, 4],
    ],
    [['START 1700000008'], [8, 9]],
    [['END 1700000001'], [0]],
  ] as const) {
    using h = read(path, ...args);
    h.run(5);
    t.same(numbers(h), want, args.join(', '));
  }
  t.end();
});

t.test('SAMPLE takes about that share', (t) => {
  using h = read(capture('sample.pcap', numbered(2000)), 'SAMPLE 0.5');
  h.run(100);
  const count = h.output(0).length;
  t.ok(count > 800 && count < 1200, `${count} of 2000`);
  t.equal(h.read('sampling_prob'), '0.5');
  t.end();
});

t.test('FORCE_IP marks IP packets; others leave by output 1 or are dropped', (t) => {
  const path = capture('mixed.pcap', [{ data: arpRequest() }, { data: ipv4Udp({}) }]);
  using one = read(path, 'FORCE_IP true');
  one.run(2);
  t.equal(one.output(0)[0]?.networkOffset, 14);
  t.same(one.drops(), { 'not IP': 1 });
  using two = ElementHarness.create('FromDump', [path, 'FORCE_IP true'], { inputs: 0, outputs: 2 });
  two.run(2);
  t.equal(two.output(0).length, 1);
  t.equal(two.output(1).length, 1);
  t.same(two.drops(), {});
  t.end();
});

t.test('a capture of bare IP packets has its network header set', (t) => {
  using h = read(capture('raw.pcap', [{ data: ipv4Udp({}).subarray(14) }], 101));
  h.run(2);
  t.equal(h.output(0)[0]?.networkOffset, 0);
  t.equal(h.read('encap'), 'IP');
  t.end();
});

t.test('LOOP starts again, ACTIVE holds back', (t) => {
  using h = read(capture('loop.pcap', numbered(3)), 'LOOP true', 'BURST 5', 'ACTIVE false');
  t.equal(h.run(3), 0);
  h.write('active', 'true');
  h.run();
  t.same(numbers(h), [0, 1, 2, 0, 1]);
  t.end();
});

t.test('a damaged file ends with a line in the log', (t) => {
  const path = capture('cut.pcap', numbered(2));
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from([1, 2, 3])]));
  using cut = read(path);
  cut.run(3);
  t.equal(cut.output(0).length, 2);
  t.equal(cut.read('truncated'), '1');
  t.match(cut.printed().join('\n'), /cut short/);
  const odd = capture('odd.pcap', numbered(1));
  writeFileSync(odd, Buffer.concat([readFileSync(odd), Buffer.alloc(16, 0xff)]));
  using damaged = read(odd);
  damaged.run(3);
  t.equal(damaged.output(0).length, 1);
  t.match(damaged.printed().join('\n'), /impossible length/);
  t.end();
});

t.test('mistakes are refused with a reason', (t) => {
  const path = capture('good.pcap', []);
  const other = join(directory, 'other.txt');
  writeFileSync(other, 'these are not packets');
  t.throws(() => read(join(directory, 'missing')), { code: 'HC_CONFIGURE_FAILED', message: /No such file/ });
  t.throws(() => read(other), { message: /not a capture file/ });
  t.throws(() => read(path, 'SAMPLE 2'), { message: /SAMPLE must be from 0 to 1/ });
  t.throws(() => read(path, 'END 5', 'INTERVAL 5'), { message: /one of END/ });
  t.throws(() => read(path, 'START 5', 'START_AFTER 5'), { message: /not both/ });
  t.end();
});
