/// Classes of packets that look the same to a part of the fields: bitmaps of the rows that are still
/// possible.
#pragma once
#include <stddef.h>

#include <cstdint>
#include <vector>

namespace hotclick::core {

/// Runs of rows that lead to the same port. Their order among each other does not matter.
struct RowGroups {
  std::vector<uint32_t> of_row;
  std::vector<uint32_t>
      start;  // first row, by group; the last group stands for "no row" and starts behind all
  std::vector<uint16_t> port;
  uint32_t none() const { return static_cast<uint32_t>(port.size() - 1); }
};

/// What is known of a packet once some fields have been looked at.
///
/// `open` marks the rows that other fields have a say in. A possible row that is not open holds for sure, so
/// rows of its group and of later ones no longer matter: they are cleared and the group is kept as `decided`.
/// That makes many bitmaps equal.
class RowClasses {
 public:
  RowClasses(const RowGroups& groups, std::vector<uint64_t> open);

  uint32_t count() const { return static_cast<uint32_t>(decided_.size()); }
  uint32_t words() const { return words_; }
  const uint64_t* rows(uint32_t index) const { return rows_.data() + size_t{index} * words_; }
  uint32_t decided(uint32_t index) const { return decided_[index]; }
  /// Words that may be not zero.
  uint32_t extent(uint32_t index) const { return extent_[index]; }
  const std::vector<uint64_t>& open() const { return open_; }
  uint64_t bytes() const { return rows_.size() * sizeof(uint64_t); }

  /// The class of a bitmap (changed on the way) of which `group` is known to hold unless an earlier row does,
  /// and of which only the first `extent` words are not zero.
  uint32_t intern(uint64_t* rows, uint32_t group, uint32_t extent);

 private:
  void grow();

  const RowGroups& groups_;
  uint32_t words_;
  std::vector<uint64_t> open_;
  std::vector<uint64_t> rows_;
  std::vector<uint32_t> decided_, extent_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> index_;  // open addressing: class + 1
};

}  // namespace hotclick::core
