/// The pairs of records of IPRewriter: making, ending and keeping them together.
#pragma once
#include "mapping.hpp"

namespace hotclick::flow {

using MappingTable = Table<FlowId, Mapping>;

/// The slot of the other direction, or no_slot when it is not there (a store written half-way through a
/// pair).
HC_COLD inline uint32_t partner_of(const MappingTable& table, uint32_t slot) {
  const FlowId& key = table.key(slot);
  const uint32_t partner = table.record(slot).link;
  if (partner >= table.table->capacity) return no_slot;
  if (!is_live(settled_record(table, partner))) return no_slot;
  const FlowId expected = table.value(slot).rewritten(key.protocol).reversed();
  return memcmp(&table.key(partner), &expected, sizeof(FlowId)) == 0 ? partner : no_slot;
}

/// Erases both directions.
inline void erase_pair(MappingTable& table, uint32_t slot) {
  const uint32_t partner = partner_of(table, slot);
  if (partner != no_slot && partner != slot) table.erase(partner);
  table.erase(slot);
}

/// Makes both records of a flow that neither direction of is in the table; no_slot when there is no room.
/// Returns the slot of the forward direction.
HC_COLD inline uint32_t insert_pair(MappingTable& table, const FlowId& from, const FlowId& to, uint8_t input,
                                    uint8_t forward_output, uint8_t reply_output) {
  if (table.size() + 2 > table.table->capacity) return no_slot;
  const uint32_t forward = table.insert(from);
  if (forward == no_slot) return no_slot;
  const FlowId answer = to.reversed();
  // A flow rewritten into its own mirror image would be one record with two meanings; the caller has excluded
  // it.
  const uint32_t reply = table.insert(answer);
  if (reply == no_slot) {
    table.erase(forward);
    return no_slot;
  }
  Mapping& f = table.value(forward);
  fill_mapping(f, from, to);
  f.output = forward_output;
  f.peer_output = reply_output;
  f.input = input;
  Mapping& r = table.value(reply);
  fill_mapping(r, answer, from.reversed());
  r.output = reply_output;
  r.peer_output = forward_output;
  r.input = input;
  r.flags = mapping_reply;
  table.record(forward).link = reply;
  table.record(reply).link = forward;
  return forward;
}

}  // namespace hotclick::flow
