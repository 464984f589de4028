import t from 'tap';
import type { ReplayOutcome } from '../../datapath/addon.ts';
import { arpRequest, icmp, ipv4Tcp, ipv4Udp } from '../../testing/frames.ts';
import { compareOutcomes, type ReplayedPacket } from './compare.ts';
import { headerFields } from './header-fields.ts';

const packet = (data: Uint8Array, more: Partial<ReplayedPacket> = {}): ReplayedPacket => ({
  data,
  paint: 0,
  packetType: 0,
  destination: '0.0.0.0',
  timestamp: 0n,
  aggregate: 0,
  fixIpSource: 0,
  icmpParameter: 0,
  ...more,
});
const out = (data: Uint8Array, port = 0, more: Partial<ReplayedPacket> = {}): ReplayOutcome => ({
  kind: 'out',
  id: 1,
  port,
  packet: packet(data, more),
});
const drop = (reason: string): ReplayOutcome => ({ kind: 'drop', id: 1, reason });
const frame = ipv4Udp({ payload: 'data' });

/** The differences as 'kind what'. */
const between = (before: ReplayOutcome[], after: ReplayOutcome[]) =>
  compareOutcomes(before, after).map(({ kind, what }) => `${kind} ${what}`.trim());

t.test('the same end is no difference, nothing at all included', async (t) => {
  t.same(between([out(frame)], [out(frame.slice())]), []);
  t.same(between([drop('no rule')], [drop('no rule')]), []);
  t.same(between([], []), []);
});

t.test('another end is named by what it was and is', async (t) => {
  t.same(between([out(frame)], [drop('bad ttl')]), ['drop bad ttl']);
  t.same(between([drop('bad ttl')], [out(frame)]), ['pass bad ttl']);
  t.same(between([drop('bad ttl')], [drop('no rule')]), ['drop no rule']);
  t.same(between([out(frame, 1)], [out(frame, 0)]), ['port 1 -> 0']);
  t.same(between([out(frame)], [{ kind: 'over', id: 1, port: 1, packet: packet(frame) }]), [
    'port 0 -> shard 1',
  ]);
  t.same(between([out(frame), out(frame)], [out(frame)]), ['missing']);
  t.same(between([out(frame)], [out(frame), drop('no rule')]), ['extra']);
});

t.test('another packet is named by the fields and annotations that differ', async (t) => {
  const fields = (before: Uint8Array, after: Uint8Array) => between([out(before)], [out(after)]);
  t.same(fields(ipv4Udp({ ttl: 64 }), ipv4Udp({ ttl: 63 })), ['field ip.ttl'], 'its checksum follows');
  t.same(fields(ipv4Tcp({ flags: 'S', seq: 1 }), ipv4Tcp({ flags: 'SA', seq: 2 })), [
    'field tcp.seq',
    'field tcp.flags',
  ]);
  t.same(fields(ipv4Udp({ src: '10.0.0.1' }), ipv4Udp({ src: '10.0.0.9' })), ['field ip.src']);
  t.same(fields(icmp({ type: 8 }), icmp({ type: 0 })), ['field icmp.type']);
  t.same(fields(arpRequest({ senderIp: '10.0.0.1' }), arpRequest({ senderIp: '10.0.0.2' })), [
    'field arp.sender_ip',
  ]);
  t.same(fields(frame, frame.slice(0, 44)), ['field length', 'field udp.checksum', 'field payload']);
  const wrong = frame.slice();
  wrong[24]! ^= 1;
  t.same(fields(frame, wrong), ['field ip.checksum']);
  t.same(between([out(frame)], [out(frame, 0, { paint: 3, destination: '10.0.0.1' })]), [
    'annotation paint',
    'annotation destination',
  ]);
});

t.test(
  'a marked IP header is found without an Ethernet header, and strange frames are read as far as they go',
  async (t) => {
    const bare = ipv4Udp({ link: false, src: '10.0.0.7' });
    t.match(headerFields(bare, 0).get('ip.src'), '10.0.0.7');
    for (let length = 0; length <= frame.length; ++length) {
      const fields = headerFields(frame.subarray(0, length));
      t.equal(fields.get('length'), String(length));
    }
    t.same([...headerFields(new Uint8Array(3)).keys()], ['length', 'payload']);
    t.ok(headerFields(frame, 9999).has('ip.src'), 'a mark outside of the frame is none');
  },
);
