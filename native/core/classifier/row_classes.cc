#include "row_classes.hh"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hotclick::core {

RowClasses::RowClasses(const RowGroups& groups, std::vector<uint64_t> open)
    : groups_(groups), words_(static_cast<uint32_t>(open.size())), open_(std::move(open)), index_(64, 0) {}

void RowClasses::grow() {
  index_.assign(index_.size() * 2, 0);
  const size_t mask = index_.size() - 1;
  for (uint32_t i = 0; i < count(); ++i) {
    size_t at = hashes_[i] & mask;
    while (index_[at] != 0) at = (at + 1) & mask;
    index_[at] = i + 1;
  }
}

uint32_t RowClasses::intern(uint64_t* rows, uint32_t group, uint32_t extent) {
  extent = std::min(extent, (groups_.start[group] + 63) / 64);
  for (uint32_t w = 0; w < extent; ++w) {
    const uint64_t sure = rows[w] & ~open_[w];
    if (sure == 0) continue;
    group = std::min(group, groups_.of_row[w * 64 + static_cast<uint32_t>(std::countr_zero(sure))]);
    break;
  }
  const uint32_t end = groups_.start[group];
  if (end / 64 < extent) {
    extent = (end + 63) / 64;
    if (end % 64 != 0) rows[end / 64] &= (uint64_t{1} << end % 64) - 1;
  }
  while (extent > 0 && rows[extent - 1] == 0) --extent;

  uint64_t hash = group + 1;
  for (uint32_t w = 0; w < extent; ++w) {
    hash = (hash ^ rows[w]) * 0x9E3779B97F4A7C15ull;
    hash ^= hash >> 32;
  }
  const size_t mask = index_.size() - 1;
  size_t at = hash & mask;
  for (; index_[at] != 0; at = (at + 1) & mask) {
    const uint32_t i = index_[at] - 1;
    if (hashes_[i] == hash && decided_[i] == group && extent_[i] == extent &&
        std::memcmp(this->rows(i), rows, extent * sizeof(uint64_t)) == 0) {
      return i;
    }
  }
  const uint32_t i = count();
  index_[at] = i + 1;
  hashes_.push_back(hash);
  decided_.push_back(group);
  extent_.push_back(extent);
  rows_.resize(rows_.size() + words_);
  std::copy(rows, rows + extent, rows_.begin() + static_cast<ptrdiff_t>(size_t{i} * words_));
  if (count() * 2 > index_.size()) grow();
  return i;
}

}  // namespace hotclick::core
