/// Fuzz target: the reading of configuration values. With -DHC_FUZZ_MAIN it drives itself: it joins and
/// damages pieces of values at random.
///   clang++ -fsanitize=fuzzer,address -std=c++20 -Inative/include native/test/fuzz_values.cc
///   native/core/values.cc g++ -DHC_FUZZ_MAIN -fsanitize=address,undefined -std=c++20 -Inative/include
///   native/test/fuzz_values.cc
///       native/core/values.cc -o fuzz-values && ./fuzz-values [rounds] [seed]
#include <cstring>

#include "../core/values.hh"

using namespace hotclick::core;

namespace {

/// Bytes that a value of the type takes; 0 for types that are not read.
uint32_t size_of(uint32_t type) {
  switch (type) {
    case HC_BOOL:
    case HC_U8:
      return 1;
    case HC_U16:
      return 2;
    case HC_U32:
    case HC_I32:
    case HC_IP4:
      return 4;
    case HC_ETHER:
      return 6;
    case HC_U64:
    case HC_I64:
    case HC_F64:
    case HC_TIME:
    case HC_RATE:
    case HC_DURATION:
    case HC_PREFIX4:
      return 8;
    case HC_IP6:
      return 16;
    default:
      return 0;
  }
}

/// Printing may shorten these: fractions, and masks that are no prefix.
bool prints_exactly(uint32_t type) {
  return type != HC_F64 && type != HC_DURATION && type != HC_PREFIX4 && type != HC_RATE;
}

}  // namespace

/// The first byte is the type, the rest the text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint32_t type = data[0] % (HC_REST + 2u);
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  constexpr uint8_t guard = 0xA5;
  uint8_t value[32], back[32];
  memset(value, guard, sizeof(value));
  memset(back, guard, sizeof(back));
  std::string error;
  const bool good = parse_value(type, text, value, error);
  if (good != error.empty()) __builtin_trap();
  const uint32_t written = good ? size_of(type) : 0;
  if (good && written == 0) __builtin_trap();
  for (uint32_t i = written; i < sizeof(value); ++i) {
    if (value[i] != guard)
      __builtin_trap();  // a refused value leaves things alone, a good one what lies behind it
  }
  if (unquote(text).size() > text.size()) __builtin_trap();
  if (!good) return 0;
  const std::string printed = print_value(type, value);
  if (!parse_value(type, printed, back, error)) __builtin_trap();
  if (prints_exactly(type) && memcmp(value, back, written) != 0) __builtin_trap();
  return 0;
}

#ifdef HC_FUZZ_MAIN
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "unit.hpp"

int main(int argc, char** argv) {
  const uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 1'000'000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : static_cast<uint64_t>(time(nullptr));
  std::printf("fuzz-values %llu %llu\n", static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(seed));
  static const char* const pieces[] = {
      "1",  "0x",   "255", "-", ".",   "10.0.0.1",    "/",   "24",  ":", "ff",  "ms",   "k",
      "M",  "true", "\"",  "'", "\\",  "<",           ">",   "\\<", "e", "1e9", "::",   " ",
      "\n", "32",   "256", "x", "inf", "99999999999", "min", "s",   "h", "nan", "1.5s", "0:1:2:3:4:5"};
  unit::Random random{seed};
  for (uint64_t i = 0; i < rounds; ++i) {
    std::string input(1, static_cast<char>(random.below(256)));
    for (uint32_t n = random.below(7); n > 0; --n)
      input += pieces[random.below(sizeof(pieces) / sizeof(pieces[0]))];
    if (random.chance(20))
      input[random.below(static_cast<uint32_t>(input.size()))] = static_cast<char>(random.below(256));
    // An allocation of exactly that size, so that the sanitizer sees a read past the end.
    uint8_t* copy = static_cast<uint8_t*>(std::malloc(input.size()));
    memcpy(copy, input.data(), input.size());
    LLVMFuzzerTestOneInput(copy, input.size());
    std::free(copy);
  }
  std::printf("done\n");
}
#endif
