/* C compilers number the static variables of functions: here seen.0 and seen.1, in whatever order they like. */
#include <stdint.h>

#ifdef WITH_ANOTHER
uint64_t count_others(uint64_t n) {
  static uint64_t seen = 0;
  return seen += n;
}
#endif

uint64_t count_twice(uint64_t n) {
  static uint64_t seen = 0;
  return seen += 2 * n;
}

uint64_t count_once(uint64_t n) {
  static uint64_t seen = 0;
  return seen += n;
}
