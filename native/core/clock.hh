/// The kernel's clocks as one number.
#pragma once
#include <time.h>

#include <cstdint>

namespace hotclick::core {

/// ns of that clock. Always inlined, as the code of a swap lies together.
[[gnu::always_inline]] inline uint64_t clock_ns(clockid_t id) {
  timespec t = {};
  clock_gettime(id, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

[[gnu::always_inline]] inline uint64_t monotonic() {
  return clock_ns(CLOCK_MONOTONIC);
}

}  // namespace hotclick::core
