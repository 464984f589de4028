/// The numbers of a table that lie in its memory, at the start of the index region.
///
/// An index region is made of words: the first 1024 are the head's, the index of size s lies at word s (1024 at
/// 1024, 2048 at 2048, … so that none overlaps another; each is used once), and behind the largest are the dirty bits.
#pragma once
#include <cstdint>

namespace hotclick::core {

struct TableHead {
  // Of the slow half, always as they are.
  uint64_t seed;  // of the hash
  uint32_t max_slots;
  uint32_t high_water;  // raised before a slot below it becomes live
  uint32_t free_head;
  uint32_t grow_at, convert_at, convert_end;
  uint64_t converted;
  // Of the fast half, written by FlowTable::seal().
  uint32_t sealed;  // 1 from then on
  uint32_t index_mask;
  uint32_t old_mask;  // 0: the index is not growing
  uint32_t live;
  // Of the slow half again: the slot at which the sweep goes on, so that none waits longer because engines change.
  uint32_t sweep_at;
};

inline constexpr uint32_t first_index_size = 1024;
/// Bytes of the index region of a table with room for `max_slots` records.
inline constexpr uint64_t index_region_size(uint64_t max_slots) {
  const uint64_t dirty_words = max_slots / 64 / 64 + 1;
  return (max_slots * 4 + dirty_words) * sizeof(uint64_t);
}
static_assert(sizeof(TableHead) <= first_index_size * sizeof(uint64_t));

}  // namespace hotclick::core
