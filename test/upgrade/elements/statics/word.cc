#include "elements.hpp"

// Begins as the address of a constant in the library.
static const char* volatile word = "packets";
static uint64_t count_packets(uint64_t n) {
  static uint64_t seen = 0;
  return seen += word ? n : 0;
}
COUNTER("3.2.0", count_packets)
