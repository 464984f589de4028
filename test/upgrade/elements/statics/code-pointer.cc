#include "elements.hpp"

// A list whose entries point to code: over a pointer that is nothing itself.
struct Step {
  Step* next;
  uint64_t (*count)(uint64_t);
};
static Step* volatile steps;
static uint64_t count_packets(uint64_t n) {
  static uint64_t seen = 0;
  for (Step* step = steps; step; step = step->next) seen += step->count(n);
  return seen += n;
}
COUNTER("3.1.0", count_packets)
