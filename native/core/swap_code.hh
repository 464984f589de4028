/// The functions of a swap lie together, so that what runs once in a long time can be brought into the caches before its
/// break begins.
#pragma once
#include <span>

#define HC_SWAP_CODE __attribute__((section("hc_swap_code"), noinline))

extern "C" {
// The linker makes them.
extern const char __start_hc_swap_code[] __attribute__((visibility("hidden")));
extern const char __stop_hc_swap_code[] __attribute__((visibility("hidden")));
}

namespace hotclick::core {

inline std::span<const char> swap_code() {
  return {__start_hc_swap_code, __stop_hc_swap_code};
}

}  // namespace hotclick::core
