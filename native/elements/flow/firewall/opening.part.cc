/// Packets that no record lets pass: new connections, ICMP errors, later fragments.
#include "base.hpp"

namespace hotclick::firewall {

/// No connection yet (`slot` is no_slot), or one that has ended: the rules decide.
uint16_t FirewallBase::open(uint32_t side, Packet& p, const PacketView& v, const FlowKey& key,
                            uint32_t slot) {
  if (v.kind == PacketKind::answer) return refuse(no_connection);
  Segment s = {};
  if (v.protocol == protocol_tcp) {
    s = read_segment(v.transport, v.length);
    const bool first = s.has(tcp_syn) && !s.has(tcp_ack);
    if (!first && (!loose || s.has(tcp_syn) || s.has(tcp_rst))) return refuse(no_connection);
  }
  if (!rules.allow(side, p)) return refuse(no_rule);
  if (slot == no_slot) slot = connections.insert(key);
  if (HC_UNLIKELY(slot == no_slot)) return refuse(table_full);
  Connection& c = connections.value(slot);
  c = {};
  if (side == outside) c.flags |= flag_from_outside;
  switch (v.protocol) {
    case protocol_tcp:
      begin_tcp(c, side, s);
      break;
    case protocol_udp:
      c.state = ConnectionState::udp_single;
      break;
    case protocol_icmp:
      c.state = ConnectionState::icmp;
      break;
    default:
      c.state = ConnectionState::other;
  }
  c.packets[side] = 1;
  keep_alive(slot, c);
  ++totals->opened;
  begin_record(key, c);
  return static_cast<uint16_t>(side);
}

/// An ICMP error passes when it quotes a packet of a connection (RFC 5508; RFC 5927, section 4.1 for the
/// sequence number). It does not keep the connection alive.
uint16_t FirewallBase::judge_error(uint32_t side, Packet& p, const PacketView& v, uint32_t slot) {
  const uint32_t home = home_of(v);
  if (home != shard()->index) return send_home(side, p, home);
  if (slot == no_slot || ticks_left(connections.record(slot), shard()->ticks) == 0) return refuse(unrelated);
  const Connection& c = connections.value(slot);
  if (v.protocol == protocol_tcp && check_windows && !untouched_since_restore(slot, c)) {
    const uint32_t sender = side ^ 1u;
    const uint32_t sequence = net32(reinterpret_cast<const TcpHeader*>(v.transport)->sequence);
    const uint32_t window = c.max_window(side);
    const uint32_t oldest = c.end[sender] - (window > least_lag ? window : least_lag);
    if (after(sequence, c.end[sender]) || after(oldest, sequence)) return refuse(DropReason::out_of_window);
  }
  ++totals->related;
  return static_cast<uint16_t>(side);
}

uint16_t FirewallBase::judge_later_fragment(uint32_t side, Packet& p) {
  const uint32_t slot = fragments.find(datagram_of(side, p));
  if (slot == no_slot || ticks_left(fragments.record(slot), shard()->ticks) == 0)
    return refuse(lone_fragment);
  const uint32_t home = fragments.value(slot).shard;
  if (home != shard()->index && home < shard()->count) return send_home(side, p, home);
  return static_cast<uint16_t>(side);
}

/// A first fragment that passes takes the rest of its datagram along.
uint16_t FirewallBase::with_fragment(uint32_t side, Packet& p, const PacketView&, uint16_t port) {
  if (port == side && !remember_datagram(side, p, shard()->index)) return refuse(table_full);
  return port;
}

bool FirewallBase::remember_datagram(uint32_t side, Packet& p, uint32_t home) {
  const FragmentKey key = datagram_of(side, p);
  uint32_t slot = fragments.find(key);
  if (slot == no_slot) slot = fragments.insert(key);
  if (slot == no_slot) return false;
  fragments.value(slot).shard = home;
  fragments.touch(slot, fragment_ticks);
  return true;
}

}  // namespace hotclick::firewall
