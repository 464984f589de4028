/// The layout of versions 1 and 2 of Fragile.
#pragma once
#include "fragile.hpp"

namespace hotclick {

struct Counts {
  uint64_t packets = 0;
  uint64_t marks = 0;
  uint64_t only_here = 5;
};
struct Seen {
  uint64_t packets = 0;
};
inline constexpr auto counts_v1 =
    schema<Counts>(1, HC_FIELD(Counts, packets), HC_FIELD(Counts, marks), HC_FIELD(Counts, only_here));
inline constexpr auto seen_v1 = schema<Seen>(1, HC_FIELD(Seen, packets));

}  // namespace hotclick
