#include "first_layout.hpp"
using namespace hotclick;

struct Fragile : FragileElement<Fragile, Counts, Seen> {
  static constexpr bool obeys = false;
  uint64_t only_here() const { return counts->only_here; }
};

constexpr auto info =
    fragile<Fragile>("1.0.0", counts_v1, seen_v1)
        .read<&Fragile::only_here>("only_here", merge::sum, "a field that version 3 has not");
HOTCLICK_EXPORT(info)
