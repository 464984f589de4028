/// Pairs the statics of two versions of a library. All of it happens before the swap, which only copies.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "layout.hh"

namespace hotclick::core {

struct StaticsCopy {
  uint64_t from, to, size;  // in the images of the old and of the new library
};

struct StaticsMatch {
  /// Not empty: these cannot be carried over, and why, a line for each.
  std::vector<std::string> refusals;
  /// The two layouts are one: the pages can be mapped, or copied as one block.
  bool same_layout = false;
  std::vector<StaticsCopy> copies;
  uint64_t variables = 0, bytes = 0;  // that are carried over
  std::vector<std::string> created;   // only the new version has: they keep their initialisers
  std::vector<std::string> lost;      // only the old version has
};

struct MatchRules {
  /// A rollback: what the newer version has added is let go instead of refused.
  bool may_lose = false;
  /// Types must be known on both sides.
  bool by_type = false;
};

StaticsMatch match_statics(const StaticsLayout& from, const StaticsLayout& to, MatchRules rules);

}  // namespace hotclick::core
