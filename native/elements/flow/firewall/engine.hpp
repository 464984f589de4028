/// The machinery of Firewall, shared by all its versions. A version brings its connection record and, where
/// it wants to, a word in `connection_opened`:
///
///     struct Record { Connection core; … };          // its own fields after the shared ones
///     struct Firewall : FirewallEngine<Firewall, Record> { … };
///
/// How a batch goes through: look at every packet and make its key; look all keys up at once; then, packet by
/// packet and in order, judge by the record, or by the rules when there is none.
#pragma once
#include "fragments.hpp"
#include "packet_view.hpp"
#include "rules.hpp"
#include "tcp_tracker.hpp"
#include "timeouts.hpp"

namespace hotclick::firewall {

/// What must outlive an upgrade beside the connections.
struct Totals {
  uint64_t allowed = 0, denied = 0, opened = 0, related = 0;
  uint32_t restored_at = 0;  // tick at which the connections came out of the store; 0 = they did not
  uint32_t reserved = 0;
};
constexpr auto totals_v1 =
    schema<Totals>(1, HC_COUNT(Totals, allowed), HC_COUNT(Totals, denied), HC_COUNT(Totals, opened),
                   HC_COUNT(Totals, related), HC_FIELD(Totals, restored_at));

/// In the order of declare_firewall().
enum DropReason : uint32_t {
  no_rule,
  malformed,
  bad_flags,
  no_connection,
  out_of_window,
  bad_state,
  table_full,
  lone_fragment,
  unrelated,
  not_ipv4,
  hand_over_full
};

template <class Self, class Record>
struct FirewallEngine : Element, FirewallTimeouts {
  Table<FlowKey, Record> connections{1u << 20};
  Table<FragmentKey, FragmentRoute> fragments{fragment_capacity};
  hotclick::State<Totals> totals;
  bool loose = false, check_windows = true, pass_other = false;
  uint32_t capacity = 0;

  HC_COLD bool configure(Arguments& arguments) {
    if (!rules.compile(arguments)) return false;
    if (capacity != 0) {
      const uint32_t shards = shard()->count != 0 ? shard()->count : 1;
      connections.capacity = (capacity + shards - 1) / shards;
    }
    timeouts.set(*this);
    return true;
  }
  void start(bool adopted) {
    // Not by an upgrade, so from the store: packets have passed that the records know nothing of.
    if (!adopted && connections.size() != 0) totals->restored_at = shard()->ticks;
  }
  void push(uint32_t side, Batch& batch);
  void knows(uint32_t side, Batch& batch, uint8_t* known);

  /// Called for every new connection; a version may fill in its own fields.
  void connection_opened(const FlowKey&, Record&) {}

  uint64_t count() const { return connections.size(); }
  uint64_t allowed() const { return totals->allowed; }
  uint64_t denied() const { return totals->denied; }
  uint64_t opened() const { return totals->opened; }
  uint64_t related() const { return totals->related; }
  void list_rules(Text out) { rules.list(out); }
  HC_COLD void flush() {
    each_record(connections, [this](uint32_t slot) { return connections.erase(slot), true; });
    each_record(fragments, [this](uint32_t slot) { return fragments.erase(slot), true; });
  }

 protected:
  TimeoutTable timeouts;

 private:
  static constexpr uint16_t handed_over = 0xFFFE;  // never reaches split()
  static constexpr uint16_t refuse(DropReason reason) { return static_cast<uint16_t>(drop(reason)); }

  bool knows_one(const PacketView& v, uint32_t slot);
  HC_COLD bool begins_anew(const PacketView& v, uint32_t slot) const;
  HC_COLD void mark_later_fragments(uint32_t side, Batch& batch, const PacketView* views, uint8_t* known);
  uint16_t judge(uint32_t side, Packet& p, const PacketView& v, const FlowKey& key, uint32_t slot);
  uint16_t judge_known(uint32_t side, const PacketView& v, uint32_t slot, bool& restart);
  HC_COLD uint16_t open(uint32_t side, Packet& p, const PacketView& v, const FlowKey& key, uint32_t slot);
  HC_COLD uint32_t find_again(const FlowKey& key) const { return connections.find(key); }
  HC_COLD uint16_t judge_error(uint32_t side, Packet& p, const PacketView& v, uint32_t slot);
  HC_COLD uint16_t judge_later_fragment(uint32_t side, Packet& p);
  HC_COLD uint16_t with_fragment(uint32_t side, Packet& p, const PacketView& v, uint16_t port);
  static FragmentKey datagram_of(uint32_t side, Packet& p) {
    const auto& ip = *reinterpret_cast<const Ipv4Header*>(p.network());
    return {ip.source, ip.destination, ip.id, ip.protocol, static_cast<uint8_t>(side)};
  }
  HC_COLD bool remember_datagram(uint32_t side, Packet& p, uint32_t home);
  uint32_t home_of(const PacketView& v) const;
  HC_COLD uint16_t send_home(uint32_t side, Packet& p, uint32_t home) {
    return self->host->hand_over(self, home, side, &p) ? handed_over : refuse(hand_over_full);
  }
  void keep_alive(uint32_t slot, const Connection& c) {
    connections.record(slot).expires = shard()->ticks + timeouts.of(c);
    connections.mark_dirty(slot);
  }
  bool untouched_since_restore(uint32_t slot, const Connection& c) const {
    if (HC_LIKELY(totals->restored_at == 0)) return false;
    const uint32_t last_seen = connections.record(slot).expires - timeouts.of(c);
    return static_cast<int32_t>(last_seen - totals->restored_at) < 0;
  }

  Rules rules;
};

template <class Self, class Record>
void FirewallEngine<Self, Record>::push(uint32_t side, Batch& batch) {
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
  if (HC_UNLIKELY(gone != 0)) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; ++i) {
      if (ports[i] == handed_over) continue;
      batch.packets[kept] = batch.packets[i];
      ports[kept++] = ports[i];
    }
    batch.count = kept;
  }
  split(batch, ports);
}

/// The output for a packet, or its drop.
template <class Self, class Record>
inline uint16_t FirewallEngine<Self, Record>::judge(uint32_t side, Packet& p, const PacketView& v,
                                                    const FlowKey& key, uint32_t slot) {
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
template <class Self, class Record>
inline uint16_t FirewallEngine<Self, Record>::judge_known(uint32_t side, const PacketView& v, uint32_t slot,
                                                          bool& restart) {
  Connection& c = connections.value(slot).core;
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

/// No connection yet (`slot` is no_slot), or one that has ended: the rules decide.
template <class Self, class Record>
uint16_t FirewallEngine<Self, Record>::open(uint32_t side, Packet& p, const PacketView& v, const FlowKey& key,
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
  Record& record = connections.value(slot);
  record = Record{};
  Connection& c = record.core;
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
  static_cast<Self*>(this)->connection_opened(key, record);
  return static_cast<uint16_t>(side);
}

/// An ICMP error passes when it quotes a packet of a connection (RFC 5508; RFC 5927, section 4.1 for the
/// sequence number). It does not keep the connection alive.
template <class Self, class Record>
uint16_t FirewallEngine<Self, Record>::judge_error(uint32_t side, Packet& p, const PacketView& v,
                                                   uint32_t slot) {
  const uint32_t home = home_of(v);
  if (home != shard()->index) return send_home(side, p, home);
  if (slot == no_slot || ticks_left(connections.record(slot), shard()->ticks) == 0) return refuse(unrelated);
  const Connection& c = connections.value(slot).core;
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

template <class Self, class Record>
uint16_t FirewallEngine<Self, Record>::judge_later_fragment(uint32_t side, Packet& p) {
  const uint32_t slot = fragments.find(datagram_of(side, p));
  if (slot == no_slot || ticks_left(fragments.record(slot), shard()->ticks) == 0)
    return refuse(lone_fragment);
  const uint32_t home = fragments.value(slot).shard;
  if (home != shard()->index && home < shard()->count) return send_home(side, p, home);
  return static_cast<uint16_t>(side);
}

/// A first fragment that passes takes the rest of its datagram along.
template <class Self, class Record>
uint16_t FirewallEngine<Self, Record>::with_fragment(uint32_t side, Packet& p, const PacketView&,
                                                     uint16_t port) {
  if (port == side && !remember_datagram(side, p, shard()->index)) return refuse(table_full);
  return port;
}

template <class Self, class Record>
bool FirewallEngine<Self, Record>::remember_datagram(uint32_t side, Packet& p, uint32_t home) {
  const FragmentKey key = datagram_of(side, p);
  uint32_t slot = fragments.find(key);
  if (slot == no_slot) slot = fragments.insert(key);
  if (slot == no_slot) return false;
  fragments.value(slot).shard = home;
  fragments.touch(slot, fragment_ticks);
  return true;
}

/// The shard that the whole packets of the connection come to.
template <class Self, class Record>
inline uint32_t FirewallEngine<Self, Record>::home_of(const PacketView& v) const {
  if (shard()->count <= 1) return shard()->index;
  return self->host->shard_of(v.source, v.destination, v.source_port, v.destination_port, v.protocol,
                              shard()->count);
}

}  // namespace hotclick::firewall
