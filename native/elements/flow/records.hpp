/// Access to records of a table by slot, for elements that link records or list them.
#pragma once
#include <hotclick/element.hpp>

namespace hotclick::flow {

/// The record in a slot that did not come from a lookup: brought to the table's present layout first.
template <class K, class V>
hc_record& settled_record(const Table<K, V>& table, uint32_t slot) {
  hc_record& r = table.record(slot);
  if (HC_UNLIKELY(r.layout != table.table->layout))
    table.table->shard->host->table_convert(table.table, slot);
  return r;
}

inline bool is_live(const hc_record& r) {
  return (r.flags & HC_RECORD_LIVE) != 0;
}

/// Ticks until the record expires; 0 when its time is up, the largest number when it never expires.
inline uint32_t ticks_left(const hc_record& r, uint32_t now) {
  if (r.expires == 0) return UINT32_MAX;
  const int32_t left = static_cast<int32_t>(r.expires - now);
  return left > 0 ? static_cast<uint32_t>(left) : 0;
}

/// Calls `f(slot)` for every live record until it returns false. For handlers: it takes time by the size of
/// the table. `f` may erase the record it is given, and others that it has not been given yet.
template <class K, class V, class F>
void each_record(const Table<K, V>& table, F f) {
  uint32_t kept = 0;
  for (uint32_t slot = 0; kept < table.size() && slot < table.table->capacity; ++slot) {
    hc_record& r = settled_record(table, slot);
    if (!is_live(r)) continue;
    if (!f(slot)) return;
    if (is_live(r)) ++kept;
  }
}

}  // namespace hotclick::flow
