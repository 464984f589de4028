#include "elements.hpp"

static uint64_t count_packets(uint64_t n) {
  static uint64_t seen = 0;
  return seen += n;
}
COUNTER("1.0.0", count_packets)
