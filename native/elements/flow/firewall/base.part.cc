/// The way of a batch through the firewall.
#include "base.hpp"

namespace hotclick::firewall {

void FirewallBase::push(uint32_t side, Batch& batch) {
  FlowKey keys[HC_BATCH_CAPACITY];
  PacketView views[HC_BATCH_CAPACITY];
  uint32_t slots[HC_BATCH_CAPACITY];
  uint16_t ports[HC_BATCH_CAPACITY];
  const uint32_t n = batch.count;
  if (HC_UNLIKELY(n == 0)) return;
  view_packets(batch, side, keys, views);
  connections.find_batch(keys, n, slots);
  uint32_t passed = 0, gone = 0;
  for (uint32_t i = 0; i < n; ++i) {
    ports[i] = judge(side, batch[i], views[i], keys[i], slots[i]);
    passed += ports[i] == side;
    gone += ports[i] == handed_over;
  }
  totals->allowed += passed;
  totals->denied += n - passed - gone;
  if (HC_UNLIKELY(gone != 0)) leave_out_handed_over(batch, ports);
  split(batch, ports);
}

/// The output for a packet, or its drop.
inline uint16_t FirewallBase::judge(uint32_t side, Packet& p, const PacketView& v, const FlowKey& key,
                                    uint32_t slot) {
  switch (v.kind) {
    case PacketKind::connection:
    case PacketKind::answer: {
      if (HC_UNLIKELY(v.fragment)) {
        const uint32_t home = home_of(v);
        if (home != shard()->index) {
          return remember_datagram(side, p, home) ? send_home(side, p, home) : refuse(table_full);
        }
      }
      // An earlier packet of the batch may have opened it.
      if (HC_UNLIKELY(slot == no_slot)) slot = find_again(key);
      bool restart = slot == no_slot || ticks_left(connections.record(slot), shard()->ticks) == 0;
      uint16_t port = 0;
      if (HC_LIKELY(!restart)) port = judge_known(side, v, slot, restart);
      if (HC_UNLIKELY(restart)) port = open(side, p, v, key, slot);
      return HC_UNLIKELY(v.fragment) ? with_fragment(side, p, v, port) : port;
    }
    case PacketKind::icmp_error:
      return judge_error(side, p, v, slot);
    case PacketKind::later_fragment:
      return judge_later_fragment(side, p);
    case PacketKind::not_ipv4:
      return pass_other ? static_cast<uint16_t>(side) : refuse(DropReason::not_ipv4);
    case PacketKind::malformed:
      return refuse(DropReason::malformed);
    case PacketKind::bad_flags:
      return refuse(DropReason::bad_flags);
    case PacketKind::unknown:
      return refuse(unrelated);
  }
  return refuse(DropReason::malformed);
}

/// A packet of a connection in the table. `restart` is set when it begins a new one with the same ends.
inline uint16_t FirewallBase::judge_known(uint32_t side, const PacketView& v, uint32_t slot, bool& restart) {
  Connection& c = connections.value(slot);
  if (v.protocol == protocol_tcp) {
    const Segment s = read_segment(v.transport, v.length);
    if (HC_UNLIKELY(untouched_since_restore(slot, c)) && !s.has(tcp_syn) &&
        c.state != ConnectionState::syn_sent) {
      take_bearings(c, side, s);
    }
    const Verdict verdict = track_tcp(c, side, s, check_windows);
    switch (verdict) {
      case Verdict::pass:
        break;
      case Verdict::pass_unchanged:
        return static_cast<uint16_t>(side);
      case Verdict::restart:
        restart = true;
        return 0;
      case Verdict::out_of_window:
        return refuse(DropReason::out_of_window);
      case Verdict::bad_state:
        return refuse(DropReason::bad_state);
    }
    // The length of a fragmented segment is not known, so what is acknowledged may be ahead of what was seen.
    if (HC_UNLIKELY(v.fragment)) c.flags |= flag_picked_up;
  } else if (c.state == ConnectionState::udp_single && side != c.initiator()) {
    c.state = ConnectionState::udp_stream;
  }
  ++c.packets[side];
  keep_alive(slot, c);
  return static_cast<uint16_t>(side);
}

}  // namespace hotclick::firewall
