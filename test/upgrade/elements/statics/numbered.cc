#include "elements.hpp"

// Counts with functions of a C file (numbered.c) that it is linked with.
extern "C" uint64_t count_once(uint64_t n);
extern "C" uint64_t count_twice(uint64_t n);
#ifdef WITH_ANOTHER
extern "C" uint64_t count_others(uint64_t n);
#endif

struct Counter : Element {
  void action(Batch& batch) {
    count_once(batch.count);
    count_twice(batch.count);
#ifdef WITH_ANOTHER
    count_others(batch.count);
#endif
  }
  uint64_t count() const {
    return count_once(0);
  }
  uint64_t twice() const {
    return count_twice(0);
  }
};
constexpr auto info = element<Counter>("Counter", "1.0.0")
                          .help("For a test.")
                          .read<&Counter::count>("count", merge::sum, "packets counted")
                          .read<&Counter::twice>("twice", merge::sum, "packets counted twice");
HOTCLICK_EXPORT(info)
