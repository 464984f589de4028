/// Sets of the values a packet field can have, as sorted lists of intervals.
#pragma once
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "expression.hh"

namespace hotclick::core {

using SetId = uint32_t;

/// Field values are numbered so that missing bytes are values too. A word: 0…65535, then 256 for "only the
/// first byte is there, and it is N", then one for "missing". A byte: 0…255, then one for "missing".
inline constexpr uint32_t word_half = 65536, word_missing = 65792, word_domain = 65793;
inline constexpr uint32_t byte_missing = 256, byte_domain = 257;

/// The parts of a word that a field reads.
enum class Width : uint8_t { byte, word };
constexpr uint32_t domain_size(Width width) {
  return width == Width::byte ? byte_domain : word_domain;
}

struct Interval {
  uint32_t low, high;  // both inside
  bool operator==(const Interval&) const = default;
};

/// Owns the sets; equal sets have equal numbers.
class SetPool {
 public:
  static constexpr SetId empty = 0;
  SetPool();
  SetId full(Width width) const { return width == Width::byte ? full_byte_ : full_word_; }

  /// The values for which the test holds. `upper` tells which byte a byte field reads.
  SetId of_test(const Test& test, Width width, bool upper);
  SetId unite(const std::vector<SetId>& sets);
  SetId intersect(SetId a, SetId b);
  SetId complement(SetId set, Width width);
  bool subset(SetId a, SetId b) { return intersect(a, b) == a; }
  const std::vector<Interval>& intervals(SetId set) const { return sets_[set]; }
  /// More intervals than a reasonable rule set has.
  bool exhausted() const { return stored_ > 4'000'000; }

 private:
  SetId intern(std::vector<Interval> intervals);

  std::vector<std::vector<Interval>> sets_;
  std::unordered_multimap<uint64_t, SetId> by_hash_;
  std::map<uint64_t, SetId> intersections_;
  uint64_t stored_ = 0;
  SetId full_byte_ = 0, full_word_ = 0;
};

}  // namespace hotclick::core
