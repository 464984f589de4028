/// The machinery of Firewall that all its versions share; compiled once, because it does not depend on what a version's
/// record has besides a Connection.
///
/// How a batch goes through: look at every packet and make its key; look all keys up at once; then, packet by
/// packet and in order, judge by the record, or by the rules when there is none.
#pragma once
#include "../handed_over.hpp"
#include "fragments.hpp"
#include "packet_view.hpp"
#include "rules.hpp"
#include "tcp_tracker.hpp"
#include "timeouts.hpp"

namespace hotclick::firewall {

using flow::handed_over;
using flow::leave_out_handed_over;

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

struct FirewallBase : Element, FirewallTimeouts {
  /// What a record has behind its Connection is the version's.
  Table<FlowKey, Connection> connections{1u << 20};
  Table<FragmentKey, FragmentRoute> fragments{fragment_capacity};
  hotclick::State<Totals> totals;
  bool loose = false, check_windows = true, pass_other = false;
  uint32_t capacity = 0;

  bool configure(Arguments& arguments);
  void start(bool adopted);
  void push(uint32_t side, Batch& batch);
  void knows(uint32_t side, Batch& batch, uint8_t* known);

  uint64_t count() const { return connections.size(); }
  uint64_t allowed() const { return totals->allowed; }
  uint64_t denied() const { return totals->denied; }
  uint64_t opened() const { return totals->opened; }
  uint64_t related() const { return totals->related; }
  void list_rules(Text out) { rules.list(out); }
  /// A line for each connection, at most listing_limit.
  void list_connections(Text out);
  void flush();

 protected:
  /// What a version does with the fields of its own: of a new connection, and in a line about one.
  virtual void begin_record(const FlowKey&, Connection&) {}
  virtual void print_record(Text, const Connection&) {}

 private:
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
  /// The shard that the whole packets of the connection come to.
  uint32_t home_of(const PacketView& v) const {
    if (shard()->count <= 1) return shard()->index;
    return self->host->shard_of(v.source, v.destination, v.source_port, v.destination_port, v.protocol,
                                shard()->count);
  }
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

  TimeoutTable timeouts;
  Rules rules;
};

}  // namespace hotclick::firewall
