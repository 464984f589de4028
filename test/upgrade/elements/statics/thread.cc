#include "elements.hpp"

static uint64_t count_packets(uint64_t n) {
  static thread_local uint64_t seen = 0;
  return seen += n;
}
COUNTER("3.3.0", count_packets)
