#include "elements.hpp"

// Becomes the address of a constant in the library while it runs.
static const char* volatile word;
static uint64_t count_packets(uint64_t n) {
  static uint64_t seen = 0;
  word = n > 0 ? "some" : word;
  return seen += word ? n : 0;
}
COUNTER("1.0.0", count_packets)
