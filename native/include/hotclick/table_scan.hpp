/// Goes over the records of a table. For handlers and other rare work: it takes time with the number of
/// records.
#pragma once
#include "table.hpp"

namespace hotclick {

/// `for (TableScan s(table); (slot = s.next()) != no_slot;)`. The record just returned may be erased; records
/// put in on the way may be missed.
struct TableScan {
  const hc_table* table;
  uint32_t slot = 0, left;
  explicit TableScan(const hc_table_slot& t) : table(t.table), left(t.table ? t.table->live : 0) {}

  /// The slot of the next live record, in the present layout; no_slot at the end.
  HC_COLD uint32_t next() {
    while (left != 0) {
      const uint32_t at = slot++;
      const hc_record& r =
          *reinterpret_cast<const hc_record*>(table->records + static_cast<uint64_t>(at) * table->stride);
      if (HC_UNLIKELY(r.layout != table->layout)) {
        table->shard->host->table_convert(const_cast<hc_table*>(table), at);
      }
      if (!(r.flags & HC_RECORD_LIVE)) continue;
      --left;
      return at;
    }
    return no_slot;
  }
};

}  // namespace hotclick
