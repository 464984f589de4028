#include "elements.hpp"

// Other code on the same variables.
static uint64_t count_packets(uint64_t n) {
  static uint64_t seen = 0;
  seen += n;
  return seen;
}
COUNTER("1.1.0", count_packets)
