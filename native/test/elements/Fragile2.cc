#include "first_layout.hpp"
using namespace hotclick;

struct Fragile : FragileElement<Fragile, Counts, Seen> {
  static constexpr bool obeys = true;
};

constexpr auto info = fragile<Fragile>("2.0.0", counts_v1, seen_v1);
HOTCLICK_EXPORT(info)
