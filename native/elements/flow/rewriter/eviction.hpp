/// Room for a new flow in a full table.
#pragma once
#include "rewriter_table.hpp"
#include "timeouts.hpp"

namespace hotclick::flow {

/// Gives up the flow nearest to its end among some that are past their guarantee; the search goes on from
/// `at` the next time. False when all of those looked at are guaranteed.
HC_COLD inline bool give_up_one(MappingTable& table, const TimeoutTable& timeouts, uint32_t& at) {
  constexpr uint32_t sample = 64;
  const uint32_t slots = table.table->capacity;
  if (slots == 0 || table.size() + 2 <= slots) return false;
  const uint32_t now = table.table->shard->ticks;
  uint32_t victim = no_slot, nearest = UINT32_MAX;
  at %= slots;
  for (uint32_t i = 0; i < sample && i < slots; ++i, at = at + 1 == slots ? 0 : at + 1) {
    if (!is_live(settled_record(table, at))) continue;
    const uint8_t protocol = table.key(at).protocol;
    uint32_t left = ticks_left(table.record(at), now);
    const uint32_t partner = partner_of(table, at);
    if (partner != no_slot) {
      const uint32_t other = ticks_left(table.record(partner), now);
      if (other > left) left = other;
    }
    const uint32_t whole = timeouts.of(protocol, table.value(at).flags);
    const uint32_t idle = whole > left ? whole - left : 0;
    if (idle < timeouts.guarantee(protocol) || left >= nearest) continue;
    nearest = left;
    victim = at;
  }
  if (victim == no_slot) return false;
  erase_pair(table, victim);
  return true;
}

}  // namespace hotclick::flow
