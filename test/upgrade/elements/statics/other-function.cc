#include "elements.hpp"

static uint64_t count_all(uint64_t n) {
  static uint64_t seen = 0;
  return seen += n;
}
COUNTER("2.1.0", count_all)
