/// How a batch goes through IPRewriter: look at every packet and make its key; look all keys up at once; then, packet by
/// packet and in order, rewrite by the mapping, or make one.
#pragma once
#include "../handed_over.hpp"
#include "eviction.hpp"
#include "input_spec.hpp"
#include "listing.hpp"
#include "port_search.hpp"
#include "rewriter_table.hpp"
#include "timeouts.hpp"

namespace hotclick::flow {

inline constexpr uint32_t max_inputs = 64;
inline constexpr uint32_t default_flows = 1u << 20;

/// What must outlive an upgrade beside the mappings.
struct Progress {
  uint64_t failures = 0;  // flows that found no port or no room
  uint32_t evict_at = 0;  // where the next search for a flow to give up begins
  uint32_t reserved = 0;
  uint16_t next[max_inputs] = {};  // '#': the place in the range to try next, per input
};
constexpr auto progress_v1 =
    schema<Progress>(1, HC_COUNT(Progress, failures), HC_FIELD(Progress, evict_at), HC_FIELD(Progress, next));

enum Drop : uint16_t { not_mapped, not_rewritable, no_free_port, table_full, hand_over_full };

/// The element; IPRewriter.cc says what it declares.
struct IPRewriter : Element, RewriterTimeouts {
  MappingTable mappings{2 * default_flows};
  State<Progress> progress;
  bool set_destination = true;
  Duration reap_interval;
  uint32_t capacity_flows = 0;

  bool configure(Arguments& arguments);
  void push(uint32_t port, Batch& batch);
  void knows(uint32_t port, Batch& batch, uint8_t* known);
  uint32_t expired(uint32_t slot, FlowId& key, Mapping& mapping);

  uint64_t flows() const { return mappings.size() / 2; }
  uint64_t records() const { return mappings.size(); }
  uint64_t failures() const { return progress->failures; }
  uint64_t capacity() const { return mappings.table->capacity / 2; }
  void clear();
  void list_patterns(Text out);
  void list_all(Text out) { list_mappings(mappings, out, 0); }
  void list_tcp(Text out) { list_mappings(mappings, out, protocol_tcp); }
  void list_udp(Text out) { list_mappings(mappings, out, protocol_udp); }

 private:
  /// The flow of every packet of the batch and the slot of its mapping; no transport header where a packet cannot be
  /// rewritten.
  void look(Batch& batch, FlowId* ids, uint8_t** transports, uint32_t* slots);
  bool knows_one(const uint8_t* transport, const FlowId& id, uint32_t slot);
  /// No flow has this answer, in this version or in one that still runs beside it.
  bool is_free(const FlowId& answer) const {
    return mappings.find(answer) == no_slot && !mappings.elsewhere(answer);
  }
  /// The packet begins a flow: the slot of its new mapping, or no_slot with what becomes of the packet instead.
  uint32_t open(uint32_t port, Packet& p, const FlowId& id, uint16_t& instead);
  uint32_t find_again(const FlowId& id) const;
  bool choose_port(uint32_t port, const FlowId& id, FlowId& to);
  uint16_t home_of_reply(const FlowId& to) const;
  uint16_t apply(Packet& p, uint8_t* transport, uint32_t slot);
  HC_COLD void learn(uint32_t slot, Mapping& m, uint8_t flags);

  TimeoutTable timeouts;
  bool erased = false;  // a record went during this batch, so slots found before may be stale
  uint32_t nspecs = 0;
  InputSpec specs[max_inputs];
  PortSearch searches[max_inputs];
};

}  // namespace hotclick::flow
